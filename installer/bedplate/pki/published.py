"""Public certificates and keys in the environment's folder, which are inputs of render.

See contract 1, docs/explanation/design.md.
"""

from __future__ import annotations

from pathlib import Path

from bedplate.config.environments import Site
from bedplate.core.files import write_atomic


def publish(site: Site, name: str, source: Path) -> bool:
    """Copy a public certificate or key into the environment's folder; return whether it changed."""
    if is_published(site, name, source):
        return False
    write_atomic(site.folder / "pki" / name, source.read_bytes(), mode=0o644)
    return True


def is_published(site: Site, name: str, source: Path) -> bool:
    """Return whether the environment's folder has a copy of a public certificate or key."""
    path = site.folder / "pki" / name
    return path.is_file() and source.is_file() and path.read_bytes() == source.read_bytes()


def read_public(site: Site, name: str) -> str:
    """Return a public certificate or key of the environment; empty before the first apply."""
    path = site.folder / "pki" / name
    return path.read_text() if path.exists() else ""
