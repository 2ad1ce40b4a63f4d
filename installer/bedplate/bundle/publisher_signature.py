"""The publisher's signature: an SSH signature by an Ed25519 key, made and checked by ssh-keygen.

Form: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig. An SSH client is on
every bastion before anything is installed there, so nothing else is needed to check it.
"""

from __future__ import annotations

from pathlib import Path

from bedplate.bundle import ssh_signature
from bedplate.config import bundle_layout
from bedplate.core.errors import InputError
from bedplate.core.files import write_atomic
from bedplate.install.refused import RefusedError
from bedplate.install.signature import NAMESPACE
from bedplate.install.trusted_keys import read_keys

PUBLIC, PRIVATE = ".pub", b"-----BEGIN"


def new_key(out: Path) -> Path:
    """Make a publisher's key (mode 0600) and return the place of its public half; never overwrites one."""
    return ssh_signature.new_key(out, "bedplate-publisher")


def sign(bundle: Path, key: Path) -> None:
    """Sign a bundle's manifest; the same key and manifest give the same signature."""
    if not key.is_file():
        raise InputError(f"publisher's key {key}", "does not exist", "bedplate key new --out FILE")
    write_atomic(
        bundle / bundle_layout.SIGNATURE,
        ssh_signature.sign((bundle / bundle_layout.MANIFEST).read_bytes(), key, NAMESPACE),
    )


def public_key(key: Path) -> str:
    """Return the public half of a private key, or the key in a .pub file, as `ssh-ed25519 AAAA…`."""
    public = key if key.suffix == PUBLIC else key.with_name(f"{key.name}{PUBLIC}")
    keys = read_keys(_listed(public))
    if len(keys) != 1:
        raise InputError(f"file {public}", f"has {len(keys)} keys, not one", "give the one that signs")
    return keys[0].key


def public_keys(file: Path) -> str:
    """Return whom to believe: the text of a file with one public key a line, each with the dates it counts between.

    A private key stands for its public half beside it. InputError where there is no file, or no key in it.
    """
    if not file.is_file():
        raise InputError(f"public key {file}", "does not exist", "take the .pub file that its owner gave")
    with file.open("rb") as opened:
        is_private = opened.read(len(PRIVATE)) == PRIVATE
    return _listed(file.with_name(f"{file.name}{PUBLIC}") if is_private else file)


def _listed(public: Path) -> str:
    """Return the text of a file that is a list of public keys; InputError where it is none."""
    if not public.is_file():
        step = f"ssh-keygen -y -f {public.with_suffix('')} >{public}"
        raise InputError(f"public key {public}", "does not exist", step)
    try:
        text = public.read_text(encoding="utf-8", errors="replace")
        read_keys(text)
    except RefusedError as error:
        raise InputError(f"file {public}", error.fact, "bedplate key new --out FILE") from error
    return text
