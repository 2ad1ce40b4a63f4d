"""Verification of the publisher's signature with ssh-keygen, before anything else is read."""

from __future__ import annotations

import base64
import binascii
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .blob_content import COPY_AGAIN, read_small
from .manifest import UNSIGNED
from .refused import RefusedError
from .trusted_keys import SIGNER, read_keys

NAMESPACE = "bedplate-bundle"
LARGEST_MANIFEST = 64 << 20
"""Enough for 250 000 files; a bundle has some hundreds."""
LARGEST_SIGNATURE = 16 << 10
BEGIN, END, LINE = b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n", 70


@dataclass(frozen=True)
class SignedManifest:
    """A manifest whose signature is verified, and the signature."""

    manifest: bytes
    signature: bytes


def read_signed(
    bundle: Path, publisher: str, names: tuple[str, str] = UNSIGNED, namespace: str = NAMESPACE
) -> SignedManifest:
    """Return manifest.json and its signature; refuse a signature by any but one of the publisher's keys.

    Args:
        bundle: the bundle's folder, or a release's folder in the store.
        publisher: the pinned public keys, one per line (see trusted_keys).
        names: the signed file and its signature; by default those of a bundle.
        namespace: the purpose of the signature.
    """
    keys = read_keys(publisher)
    manifest = read_small(bundle, names[0], LARGEST_MANIFEST)
    signature = read_small(bundle, names[1], LARGEST_SIGNATURE)
    if not _is_plain(signature):
        raise RefusedError(f"file {names[1]}", "is not a signature in the format of ssh-keygen", COPY_AGAIN)
    with tempfile.TemporaryDirectory() as name:
        signers, copy = Path(name) / "signers", Path(name) / "signature"
        signers.write_text("".join(key.allowed(namespace) for key in keys))
        copy.write_bytes(signature)
        words = ("-Y", "verify", "-f", signers, "-I", SIGNER, "-n", namespace, "-s", copy)
        done = _ssh_keygen(*words, data=manifest)
    if done.returncode != 0:
        fact = "is not signed by the publisher's key that this site pins"
        raise RefusedError(f"bundle {bundle}", fact, "do not install it; ask the publisher out of band")
    return SignedManifest(manifest, signature)


def _is_plain(signature: bytes) -> bool:
    """Return whether the armor is exactly as ssh-keygen writes it. It also accepts other blanks and a tail.

    Format: sshsig_armor in https://github.com/openssh/openssh-portable/blob/master/sshsig.c.
    """
    lines = signature.splitlines()
    try:
        blob = base64.b64decode(b"".join(lines[1:-1]), validate=True)
    except binascii.Error:
        return False
    text = base64.b64encode(blob)
    body = b"".join(text[at : at + LINE] + b"\n" for at in range(0, len(text), LINE))
    return signature == BEGIN + body + END


def _ssh_keygen(*words: str | Path, data: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *map(str, words)], input=data, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise RefusedError("program ssh-keygen", "is not on this machine", "install openssh-client") from error
