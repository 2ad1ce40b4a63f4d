"""Blobs whose content was proven, by inode, size and time, so that a second look at them hashes nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from bedplate.artifacts.cache import Cache
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.core.files import write_atomic


class ProvenFiles:
    """What proven files looked like, kept in a file; a context that writes it at its end."""

    def __init__(self, path: Path) -> None:
        """Read the record; a broken one is as good as none."""
        self._path = path
        self._known: dict[str, list[int]] = {}
        self._changed = False
        if path.is_file():
            try:
                self._known = dict(json.loads(path.read_bytes()))
            except (ValueError, TypeError):
                self._changed = True

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Keep what was proven, also after a failure."""
        if self._changed:
            write_atomic(self._path, json.dumps(self._known, sort_keys=True))

    def has(self, sha256: str, state: os.stat_result) -> bool:
        """Return whether a blob looks as it did when it was proven."""
        return self._known.get(sha256) == _mark(state)

    def add(self, sha256: str, state: os.stat_result) -> None:
        """Note what a blob looked like before it was proven."""
        self._known[sha256] = _mark(state)
        self._changed = True


def _mark(state: os.stat_result) -> list[int]:
    return [state.st_ino, state.st_size, state.st_mtime_ns]


class VerifiedBlobs(ProvenFiles):
    """The record of the cache's blobs."""

    def __init__(self, cache: Cache) -> None:
        """Read the record."""
        super().__init__(cache.root / "verified.json")
        self._cache = cache

    def check(self, sha256: str) -> int:
        """Return a blob's size, once its content is proven; a spoilt blob is removed from the cache."""
        blob = self._cache.blob(sha256)
        try:
            state = blob.stat()
        except FileNotFoundError as error:
            raise BedplateError(f"blob {sha256}", "is not in the cache", "bedplate bundle build again") from error
        if not self.has(sha256, state):
            if digest.of_file(blob) != sha256:
                blob.unlink()
                step = "build again; check the disk"
                raise BedplateError(f"blob {sha256}", "had another content in the cache and was removed", step)
            self.add(sha256, state)
        return state.st_size
