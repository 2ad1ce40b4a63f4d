"""A site's public key, from what is given to --site."""

from __future__ import annotations

from pathlib import Path

from bedplate.bundle import publisher_signature
from bedplate.core.errors import InputError
from bedplate.pki import site_key


def site_public_key(file: str, name: str) -> str:
    """Return a site's public keys: those in the file, or without one, those of the environment of this name."""
    if file:
        return publisher_signature.public_keys(Path(file))
    from bedplate.config import environments  # noqa: PLC0415  its models take a moment, and a file needs none of them

    try:
        return site_key.public_key(environments.load(environments.find(name)))
    except InputError as error:
        raise InputError(error.subject, error.fact, "give the site's public key (pki/site.pub): --site FILE") from error
