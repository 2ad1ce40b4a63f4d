"""Cache of rendered components and hosts, by the digest of everything that they are rendered from.

An entry is written atomically and contains its own digest; a damaged one is rendered again. The folder may be deleted
at any time.
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
MAX_ENTRIES = 6000
"""About 10 kB each: a dozen revisions of 500 hosts, and the components of a few dozen environments."""
TRIMMED_AT = "00"
"""The first digits of keys whose writing also trims the folder: listing it each time takes longer than rendering."""
LIBRARIES = ("jinja2", "pyyaml")


def kept_or_made(key: str, make: Callable[[], Json]) -> Json:
    """Return the value that is cached under a key; if there is none, make it and cache it. The value is plain JSON.

    Args:
        key: digest of everything that the value depends on.
        make: makes the value.
    """
    path = folder() / key
    with suppress(OSError, ValueError):
        name, _, content = path.read_bytes().partition(b"\n")
        if name == _name(content):
            return json.loads(content)
    value = make()
    content = digest.canonical(value)
    with suppress(OSError):  # rendering works without the cache
        write_atomic(path, _name(content) + b"\n" + content, mode=0o600, durable=False)
        if key.startswith(TRIMMED_AT):
            _trim(path.parent)
    return value


def folder() -> Path:
    """Return the folder of the entries."""
    return paths.cache() / "render"


def file_digests(folders: Iterable[Path]) -> list[list[str]]:
    """Return path and digest of every file in some folders, except acceptance tests, which are never rendered."""
    files = (path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file() and not _is_test(path))
    return [[str(path), digest.of_file(path)] for path in files]


def _is_test(path: Path) -> bool:
    return path.match("test_*.py") or path.parent.name == "__pycache__"


@cache
def renderer_digest() -> str:
    """Return the digest of the code that renders: the installer, any part of which may matter, and its libraries."""
    package = Path(__file__).parents[1]
    code = [[str(path.relative_to(package)), digest.of_file(path)] for path in sorted(package.rglob("*.py"))]
    return digest.of([code, [version(name) for name in LIBRARIES]])


def _name(content: bytes) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()


def _trim(folder: Path) -> None:
    entries = list(folder.iterdir())
    if len(entries) > 2 * MAX_ENTRIES:
        for path in sorted(entries, key=lambda path: path.stat().st_mtime)[:-MAX_ENTRIES]:
            path.unlink(missing_ok=True)
