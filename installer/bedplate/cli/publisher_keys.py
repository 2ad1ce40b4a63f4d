"""The publisher's public keys, from what is given to --publisher."""

from __future__ import annotations

from pathlib import Path

from bedplate.bundle import publisher_signature
from bedplate.core.errors import InputError


def publisher_keys(name: str) -> str:
    """Return the publisher's public keys, one per line: those in a file, or those that an environment pins."""
    if Path(name).is_file():
        return publisher_signature.public_keys(Path(name))
    from bedplate.config import environments  # noqa: PLC0415  its models take a moment, and a file needs none of them

    try:
        return environments.load(environments.find(name)).environment.publisher
    except InputError as error:
        raise InputError(
            f"publisher {name}",
            "is neither a file nor an environment",
            "give a .pub file, or the name of an environment",
        ) from error
