"""The publisher's signature: an SSH signature by an Ed25519 key, created and verified by ssh-keygen.

Format: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig. Every bastion has
an SSH client before anything is installed there, so it needs nothing else to verify the signature.
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
    """Create a publisher's key (mode 0600) and return the path of its public half; never overwrite one."""
    return ssh_signature.new_key(out, "bedplate-publisher")


def check_key(key: Path) -> None:
    """Raise InputError if there is no private key at this path."""
    if not key.is_file():
        hint = f"create it with `bedplate key new --out {key}`, or give another one: --key FILE"
        raise InputError(f"publisher's key {key}", "does not exist", hint)


def exists(key: Path) -> bool:
    """Return whether there is a key at this path, or its public half."""
    return key.is_file() or key.with_name(f"{key.name}{PUBLIC}").is_file()


def sign(bundle: Path, key: Path) -> None:
    """Sign a bundle's manifest; the same key and manifest give the same signature."""
    check_key(key)
    write_atomic(
        bundle / bundle_layout.SIGNATURE,
        ssh_signature.sign((bundle / bundle_layout.MANIFEST).read_bytes(), key, NAMESPACE),
    )


def public_key(key: Path) -> str:
    """Return the public half of a private key, or the key in a .pub file, as `ssh-ed25519 AAAA…`."""
    public = key if key.suffix == PUBLIC else key.with_name(f"{key.name}{PUBLIC}")
    if not public.is_file():
        check_key(key)
    keys = read_keys(_listed(public))
    if len(keys) != 1:
        raise InputError(f"file {public}", f"has {len(keys)} keys, not one", "give a file with the one key that signs")
    return keys[0].key


def public_keys(file: Path) -> str:
    """Return the text of a file of trusted public keys, one per line, each with its optional dates.

    For a private key, the public half next to it is read. Raises InputError if there is no file, or no key in it.
    """
    if not file.is_file():
        raise InputError(f"public key {file}", "does not exist", "use the .pub file from its owner")
    with file.open("rb") as opened:
        is_private = opened.read(len(PRIVATE)) == PRIVATE
    return _listed(file.with_name(f"{file.name}{PUBLIC}") if is_private else file)


def _listed(public: Path) -> str:
    """Return the text of a file; raise InputError if it is not a list of public keys."""
    if not public.is_file():
        step = f"create it: ssh-keygen -y -f {public.with_suffix('')} >{public}"
        raise InputError(f"public key {public}", "does not exist", step)
    try:
        text = public.read_text(encoding="utf-8", errors="replace")
        read_keys(text)
    except RefusedError as error:
        raise InputError(f"file {public}", error.fact, "create a key with `bedplate key new --out FILE`") from error
    return text
