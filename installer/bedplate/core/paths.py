"""Where Bedplate keeps things on a computer, and the trees that components come from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
"""The checkout (or the installer's copy on a bastion): manifests/, roles/, stacks/, releases/ …"""

STATE = Path("/var/lib/bedplate")
"""On a bastion: store/ (blobs), mirror/, <environment>/{pulumi,ledger.db,pki,secrets,log}."""
STORE = STATE / "store"
MIRROR = STATE / "mirror"


_OTHER: ContextVar[Path | None] = ContextVar("tree of another revision", default=None)


def source_tree() -> Path:
    """Return the tree whose roles, layers and components count: ours, or the one that is being looked at."""
    return _OTHER.get() or SOURCE


@contextmanager
def use_tree(tree: Path) -> Iterator[None]:
    """Take roles, layers, components and releases from another tree alone: that of a git revision or of a bundle."""
    token = _OTHER.set(tree)
    try:
        yield
    finally:
        _OTHER.reset(token)


def cache() -> Path:
    """Return the user's cache folder for artifacts: $BEDPLATE_CACHE, or XDG's place."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bedplate"
    return Path(os.environ.get("BEDPLATE_CACHE", default))


def user_state() -> Path:
    """Return the user's state folder (labs, forwarded environments): XDG's place."""
    return Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local/state")) / "bedplate"


def search_path() -> list[Path]:
    """Return the trees searched for manifests/, overlays/ and releases/.

    First those of $BEDPLATE_TREES, then those that came in the bundle beside the installer, then ours. While another
    tree is looked at, it alone counts.
    """
    if other := _OTHER.get():
        return [*sorted((other / "trees").glob("*/")), other]
    extra = [Path(p) for p in os.environ.get("BEDPLATE_TREES", "").split(":") if p]
    return [*extra, *sorted((SOURCE / "trees").glob("*/")), SOURCE]
