"""What a site trusts in public: certificates and keys in the environment's folder, inputs of render (contract 1)."""

from __future__ import annotations

from pathlib import Path

from bedplate.config.environments import Site
from bedplate.core.files import write_atomic

AUTHORITY = "ca.crt"
MIRROR_CERTIFICATE = "mirror.crt"
MIRROR_KEY = "mirror.asc"
"""Public half of the key that signs the mirror's apt repository."""
PUBLIC = (AUTHORITY, MIRROR_CERTIFICATE, MIRROR_KEY)


def publish(site: Site, name: str, source: Path) -> bool:
    """Keep a public certificate or key with the environment, where render reads it; return whether it is new."""
    path, content = site.folder / "pki" / name, source.read_bytes()
    if path.exists() and path.read_bytes() == content:
        return False
    write_atomic(path, content, mode=0o644)
    return True


def read_public(site: Site, name: str) -> str:
    """Return a public certificate or key of the environment; empty before the first apply has made it."""
    path = site.folder / "pki" / name
    return path.read_text() if path.exists() else ""
