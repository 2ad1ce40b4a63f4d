"""The publisher's signature, proven by ssh-keygen before anything else is read."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from .manifest import UNSIGNED
from .refused import RefusedError

NAMESPACE = "bedplate-bundle"


def read_key(text: str) -> str:
    """Return the one Ed25519 public key in a text (a .pub file, or an environment's `publisher`)."""
    keys = [" ".join(line.split()[:2]) for line in text.splitlines() if line.startswith("ssh-ed25519 ")]
    if len(keys) != 1:
        raise RefusedError("publisher's key", f"is not one line 'ssh-ed25519 AAAA…' ({len(keys)} found)")
    return keys[0]


def read_signed(bundle: Path, publisher: str) -> bytes:
    """Return manifest.json, once the publisher's signature over it is proven."""
    manifest, signature = (bundle / name for name in UNSIGNED)
    for path in (manifest, signature):
        if path.is_symlink() or not path.is_file():
            raise RefusedError(f"bundle {bundle}", f"has no {path.name}", "carry the bundle in again")
    data = manifest.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        signers = Path(folder) / "signers"
        signers.write_text(f'publisher namespaces="{NAMESPACE}" {read_key(publisher)}\n')
        words = ("-Y", "verify", "-f", signers, "-I", "publisher", "-n", NAMESPACE, "-s", signature)
        done = _ssh_keygen(*words, data=data)
    if done.returncode != 0:
        fact = "is not signed by the publisher's key that this site pins"
        raise RefusedError(f"bundle {bundle}", fact, "do not install it; ask the publisher by another way")
    return data


def _ssh_keygen(*words: str | Path, data: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(["ssh-keygen", *map(str, words)], input=data, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise RefusedError("program ssh-keygen", "is not on this machine", "install openssh-client") from error
