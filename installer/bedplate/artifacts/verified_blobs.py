"""Remember verified files by inode, size and time, so that they are not hashed again."""

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
    """A record of verified files, kept in a file; as a context manager, it writes the file at the end."""

    def __init__(self, path: Path) -> None:
        """Read the record; ignore a broken one."""
        self._path = path
        self._known: dict[str, list[int]] = {}
        self._changed = False
        if path.is_file():
            try:
                self._known = dict(json.loads(path.read_bytes()))
            except (ValueError, TypeError):
                self._changed = True

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what was verified, also after a failure."""
        if self._changed:
            write_atomic(self._path, json.dumps(self._known, sort_keys=True))

    def has(self, sha256: str, state: os.stat_result) -> bool:
        """Return whether a file looks as it did when it was verified."""
        return self._known.get(sha256) == _mark(state)

    def add(self, sha256: str, state: os.stat_result) -> None:
        """Record how a file looked before it was verified."""
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
        """Verify a blob's content and return its size; remove a corrupted blob from the cache."""
        blob = self._cache.blob(sha256)
        try:
            state = blob.stat()
        except FileNotFoundError as error:
            raise BedplateError(f"blob {sha256}", "is not in the cache", "run `bedplate bundle build`") from error
        if not self.has(sha256, state):
            if digest.of_file(blob) != sha256:
                blob.unlink()
                step = "build again, and check the disk"
                raise BedplateError(f"blob {sha256}", "was corrupted in the cache and is removed", step)
            self.add(sha256, state)
        return state.st_size
