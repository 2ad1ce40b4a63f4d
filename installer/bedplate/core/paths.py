"""Paths that Bedplate uses on a computer, and the search path of components and releases."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[3]
"""The checkout, or the installer's copy on a bastion: manifests/, roles/, stacks/, releases/ …"""

DISTRIBUTIONS = "installer/bedplate/distributions"
"""Folder of the distributions in a source tree, which may be that of another revision."""

STATE = Path("/var/lib/bedplate")
"""On a bastion: store/ (blobs), mirror/, environments/<name>/{pulumi,ledger.db,pki,secrets,log}."""
ENVIRONMENTS = "environments"
"""The folder in STATE with a folder of state for each environment."""
STORE = STATE / "store"
MIRROR = STATE / "mirror"


_OTHER: ContextVar[Path | None] = ContextVar("tree of another revision", default=None)


def environment_states() -> Path:
    """Return the folder, on a bastion, with a folder of state for each environment."""
    return STATE / ENVIRONMENTS


def source_tree() -> Path:
    """Return the tree that roles, stacks and components are read from: this one, or the one set by `use_tree`."""
    return _OTHER.get() or SOURCE


@contextmanager
def use_tree(tree: Path) -> Iterator[None]:
    """Read roles, stacks, components and releases only from another tree: that of a git revision or a bundle."""
    token = _OTHER.set(tree)
    try:
        yield
    finally:
        _OTHER.reset(token)


def cache() -> Path:
    """Return the user's cache folder for artifacts: $BEDPLATE_CACHE, or the XDG cache folder."""
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "bedplate"
    return Path(os.environ.get("BEDPLATE_CACHE", default))


def user_state() -> Path:
    """Return the user's state folder (labs, copied reports): the XDG state folder."""
    return Path(os.environ.get("XDG_STATE_HOME", Path.home() / ".local/state")) / "bedplate"


def search_path() -> list[Path]:
    """Return the trees searched for manifests/, overlays/ and releases/.

    First the trees in $BEDPLATE_TREES, then those that the bundle carries next to the installer, then this one.
    Inside `use_tree`, only that tree is searched.
    """
    if other := _OTHER.get():
        return [*sorted((other / "trees").glob("*/")), other]
    extra = [Path(p) for p in os.environ.get("BEDPLATE_TREES", "").split(":") if p]
    return [*extra, *sorted((SOURCE / "trees").glob("*/")), SOURCE]
