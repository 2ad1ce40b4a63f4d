"""SSH signatures by Ed25519 keys, created and verified by ssh-keygen.

Format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig. A signature is for one namespace,
so that the signature of a bundle is never valid for an inventory file.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from bedplate.core.command import run
from bedplate.core.errors import BedplateError, InputError
from bedplate.install.trusted_keys import SIGNER, read_keys


def new_key(private: Path, comment: str) -> Path:
    """Create a key (mode 0600) and return the path of its public half; never overwrite a file."""
    public = private.with_name(f"{private.name}.pub")
    for path in (private, public):
        if path.exists():
            raise InputError(f"file {path}", "exists and is never overwritten", "choose another path")
    private.parent.mkdir(parents=True, exist_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", private])
    return public


def fingerprint(public: str) -> str:
    """Return a public key's fingerprint as OpenSSH shows it: `SHA256:…`."""
    return run(["ssh-keygen", "-l", "-f", "-"], stdin=f"{public}\n".encode()).stdout.decode().split()[1]


def fingerprints(public: str) -> str:
    """Return the fingerprints of public keys, given one per line, separated by commas."""
    return ", ".join(fingerprint(key.key) for key in read_keys(public))


def sign(data: bytes, private: Path, namespace: str) -> bytes:
    """Return the armored signature over data; the same key, data and namespace give the same bytes."""
    return run(["ssh-keygen", "-q", "-Y", "sign", "-f", private, "-n", namespace], stdin=data).stdout


def check(data: bytes, signature: bytes, public: str, namespace: str) -> None:
    """Raise BedplateError unless the signature over data, in this namespace, is by one of the public keys.

    Args:
        data: the signed content.
        signature: the armored signature.
        public: the signers' public keys, one per line; dates may precede a key (install/trusted_keys.py).
        namespace: the purpose of the signature.
    """
    with tempfile.TemporaryDirectory() as name:
        signers = Path(name) / "signers"
        signers.write_text("".join(key.allowed(namespace) for key in read_keys(public)))
        if not _is_verified(["verify", "-f", signers, "-I", SIGNER], data, signature, namespace):
            raise BedplateError(
                "signature", f"is not by the expected key, or not for {namespace}", "do not trust what it signs"
            )


def is_signature_of(data: bytes, signature: bytes, namespace: str) -> bool:
    """Return whether the signature is over data, in this namespace, by any key at all. This alone proves nothing."""
    return _is_verified(["check-novalidate"], data, signature, namespace)


def _is_verified(mode: list[str | Path], data: bytes, signature: bytes, namespace: str) -> bool:
    with tempfile.NamedTemporaryFile() as armored:
        armored.write(signature)
        armored.flush()
        words = ["ssh-keygen", "-Y", *mode, "-n", namespace, "-s", armored.name]
        return run(words, stdin=data, check=False).returncode == 0
