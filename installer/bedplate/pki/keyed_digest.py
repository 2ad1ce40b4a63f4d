"""What a value was, told without the value: an HMAC under the environment's own key.

A plain digest of a short password could be guessed from the ledger; this cannot be without the key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress

from bedplate.config.environments import Site
from bedplate.core import digest, files

KEY_BYTES = 32


def keyed_digest(site: Site, values: Mapping[str, bytes]) -> str:
    """Return one HMAC-SHA256 (hex) over named values: it tells of a change and of nothing else."""
    hashes = {name: hashlib.sha256(value).hexdigest() for name, value in values.items()}
    return hmac.new(_key(site), digest.canonical(hashes), hashlib.sha256).hexdigest()


def _key(site: Site) -> bytes:
    """Return the environment's HMAC key, made once."""
    path = site.state / "pulumi" / "hmac.key"
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        files.write_atomic(fresh, secrets.token_bytes(KEY_BYTES), mode=0o600)
        # Whoever is first decides: with two keys one would tell of changes that there are none of.
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_bytes()
