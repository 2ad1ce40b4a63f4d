"""Public certificates and keys in the environment's folder, which are inputs of render.

See contract 1, docs/explanation/design.md.
"""

from __future__ import annotations

from pathlib import Path

from bedplate.config.environments import Site
from bedplate.core.files import write_atomic

AUTHORITY = "ca.crt"
MIRROR_CERTIFICATE = "mirror.crt"
MIRROR_KEY = "mirror.asc"
"""The public key of the mirror's package repository."""
PUBLIC = (AUTHORITY, MIRROR_CERTIFICATE, MIRROR_KEY)


def publish(site: Site, name: str, source: Path) -> bool:
    """Copy a public certificate or key into the environment's folder; return whether it changed."""
    path, content = site.folder / "pki" / name, source.read_bytes()
    if path.exists() and path.read_bytes() == content:
        return False
    write_atomic(path, content, mode=0o644)
    return True


def read_public(site: Site, name: str) -> str:
    """Return a public certificate or key of the environment; empty before the first apply."""
    path = site.folder / "pki" / name
    return path.read_text() if path.exists() else ""
