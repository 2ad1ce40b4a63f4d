"""How commands take the publisher's public keys."""

from __future__ import annotations

from pathlib import Path

from bedplate.bundle import publisher_signature
from bedplate.core.errors import InputError


def publisher_keys(name: str) -> str:
    """Return the publisher's public keys, one a line: in a file, or pinned by an environment."""
    if Path(name).is_file():
        return publisher_signature.public_keys(Path(name))
    from bedplate.config import environments  # noqa: PLC0415  its models take a moment, and a file needs none of them

    try:
        return environments.load(environments.find(name)).environment.publisher
    except InputError as error:
        raise InputError(f"publisher {name}", "is neither a file nor an environment", "give a .pub file") from error
