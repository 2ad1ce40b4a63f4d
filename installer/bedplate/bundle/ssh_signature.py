"""SSH signatures by Ed25519 keys, made and checked by ssh-keygen.

Form: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig. A signature is made for a
namespace, so that one made for a bundle never passes as one for an inventory.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bedplate.core.command import run
from bedplate.core.errors import BedplateError, InputError
from bedplate.install.trusted_keys import SIGNER, read_keys


def new_key(private: Path, comment: str) -> Path:
    """Make a key (mode 0600) and return the place of its public half; a file that exists is never overwritten."""
    public = private.with_name(f"{private.name}.pub")
    for path in (private, public):
        if path.exists():
            raise InputError(f"file {path}", "exists and is never overwritten", "give another place")
    private.parent.mkdir(parents=True, exist_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", private])
    return public


def fingerprint(public: str) -> str:
    """Return a public key's fingerprint as OpenSSH shows it: `SHA256:…`."""
    return run(["ssh-keygen", "-l", "-f", "-"], stdin=f"{public}\n".encode()).stdout.decode().split()[1]


def fingerprints(public: str) -> str:
    """Return the fingerprints of public keys, one a line, as words of a sentence."""
    return ", ".join(fingerprint(key.key) for key in read_keys(public))


def sign(data: bytes, private: Path, namespace: str) -> bytes:
    """Return the armored signature over data; the same key, data and namespace give the same bytes."""
    return run(["ssh-keygen", "-q", "-Y", "sign", "-f", private, "-n", namespace], stdin=data).stdout


def check(data: bytes, signature: bytes, public: str, namespace: str) -> None:
    """BedplateError unless the signature over data, in this namespace, is by one of the public keys.

    Args:
        data: what was signed.
        signature: the armored signature.
        public: the signers' public keys, one a line; dates may precede one (install/trusted_keys.py).
        namespace: what the signature was made for.
    """
    with tempfile.TemporaryDirectory() as name:
        signers = Path(name) / "signers"
        signers.write_text("".join(key.allowed(namespace) for key in read_keys(public)))
        if not _is_good(["verify", "-f", signers, "-I", SIGNER], data, signature, namespace):
            raise BedplateError("signature", f"is not by the expected key, or not for {namespace}")


def is_signature_of(data: bytes, signature: bytes, namespace: str) -> bool:
    """Return whether the signature is over data, in this namespace, whoever made it: it proves nothing by itself."""
    return _is_good(["check-novalidate"], data, signature, namespace)


def _is_good(how: list[str | Path], data: bytes, signature: bytes, namespace: str) -> bool:
    with tempfile.NamedTemporaryFile() as armored:
        armored.write(signature)
        armored.flush()
        words = ["ssh-keygen", "-Y", *how, "-n", namespace, "-s", armored.name]
        return run(words, stdin=data, check=False).returncode == 0
