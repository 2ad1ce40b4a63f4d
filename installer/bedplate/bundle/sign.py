"""The publisher's signature: an SSH signature by an Ed25519 key, made and checked by ssh-keygen.

Form: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig. An SSH client is on
every bastion before anything is installed there, so nothing else is needed to check it.
"""

from __future__ import annotations

from pathlib import Path

from bedplate.bundle import layout
from bedplate.bundle.install.refused import RefusedError
from bedplate.bundle.install.signature import read_key
from bedplate.errors import InputError
from bedplate.tools.command import run


def new_key(out: Path) -> Path:
    """Make a publisher's key (mode 0600) and return the place of its public half; never overwrites one."""
    public = out.with_name(f"{out.name}.pub")
    for path in (out, public):
        if path.exists():
            raise InputError(f"file {path}", "exists and is never overwritten", "give another --out")
    out.parent.mkdir(parents=True, exist_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bedplate-publisher", "-f", out])
    return public


def sign(bundle: Path, key: Path) -> None:
    """Sign a bundle's manifest; the same key and manifest give the same signature."""
    if not key.is_file():
        raise InputError(f"publisher's key {key}", "is not there", "bedplate key new --out FILE")
    signature = bundle / layout.SIGNATURE
    signature.unlink(missing_ok=True)
    run(["ssh-keygen", "-q", "-Y", "sign", "-f", key, "-n", layout.SIGNATURE_NAMESPACE, bundle / layout.MANIFEST])


def public_key(key: Path) -> str:
    """Return the public half of a private key, or the key in a .pub file, as `ssh-ed25519 AAAA…`."""
    public = key if key.suffix == ".pub" else key.with_name(f"{key.name}.pub")
    if not public.is_file():
        raise InputError(f"public key {public}", "is not there", f"ssh-keygen -y -f {key} >{public}")
    try:
        return read_key(public.read_text())
    except RefusedError as error:
        raise InputError(f"file {public}", error.fact, "bedplate key new --out FILE") from error
