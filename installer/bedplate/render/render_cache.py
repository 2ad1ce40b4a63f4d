"""Rendered components, kept by the digest of everything they are made of.

An entry is made whole or not at all and carries its own digest: one that was damaged is rendered again. The folder may
be deleted at any time.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bedplate.core import digest, paths
from bedplate.core.files import write_atomic

Json = Any
KEPT = 600
"""Entries, some 10 kB each: the components of a few dozen environments and revisions."""
LIBRARIES = ("jinja2", "pyyaml")


def kept(key: str, make: Callable[[], Json]) -> Json:
    """Return what was made under a key before, or make it now; the value is plain JSON.

    Args:
        key: digest of everything that the value depends on.
        make: makes it.
    """
    path = paths.cache() / "render" / key
    with suppress(OSError, ValueError):
        name, _, content = path.read_bytes().partition(b"\n")
        if name == _name(content):
            return json.loads(content)
    value = make()
    content = digest.canonical(value)
    with suppress(OSError):  # a cache that cannot be written is no reason to fail
        write_atomic(path, _name(content) + b"\n" + content, mode=0o600)
        _trim(path.parent)
    return value


def files(folders: Iterable[Path]) -> list[list[str]]:
    """Return the name and the digest of every file below some folders; acceptance tests do not render anything."""
    paths = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file() and not _is_test(path))
    return [[str(path), digest.of_file(path)] for path in paths]


def _is_test(path: Path) -> bool:
    return path.match("test_*.py") or path.parent.name == "__pycache__"


@cache
def program() -> str:
    """Return the digest of what renders: the installer's code, of which any part may count, and its libraries."""
    package = Path(__file__).parents[1]
    code = [[str(path.relative_to(package)), digest.of_file(path)] for path in sorted(package.rglob("*.py"))]
    return digest.of([code, [version(name) for name in LIBRARIES]])


def _name(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _trim(folder: Path) -> None:
    entries = list(folder.iterdir())
    if len(entries) > 2 * KEPT:
        for path in sorted(entries, key=lambda path: path.stat().st_mtime)[:-KEPT]:
            path.unlink(missing_ok=True)
