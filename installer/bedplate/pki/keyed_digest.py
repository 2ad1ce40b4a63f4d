"""Keyed digests (HMAC-SHA256) of secret values, for step keys and restart annotations.

The password behind a plain digest in the ledger could be guessed; behind a keyed digest it cannot without the
environment's key.
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
    """Return one HMAC-SHA256 (hex) over named values. It changes with them and reveals nothing else."""
    hashes = {name: hashlib.sha256(value).hexdigest() for name, value in values.items()}
    return hmac.new(_key(site), digest.canonical(hashes), hashlib.sha256).hexdigest()


def _key(site: Site) -> bytes:
    """Return the environment's HMAC key; create it on first use."""
    path = site.state / "pulumi" / "hmac.key"
    if not path.exists():
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        files.write_atomic(fresh, secrets.token_bytes(KEY_BYTES), mode=0o600)
        # The first process wins: a second key would report changes where there are none.
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_bytes()
