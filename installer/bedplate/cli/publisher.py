"""How commands take the publisher's public key."""

from __future__ import annotations

from pathlib import Path

from bedplate import environments
from bedplate.bundle import sign
from bedplate.errors import InputError


def publisher_of(name: str) -> str:
    """Return the publisher's public key: in a file, or pinned by an environment."""
    if Path(name).is_file():
        return sign.public_key(Path(name))
    try:
        return environments.load(environments.find(name)).environment.publisher
    except InputError as error:
        raise InputError(f"publisher {name}", "is neither a file nor an environment", "give a .pub file") from error
