"""Blobs of the cache whose content was proven, by inode, size and time, so that a second build hashes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import Self

from bedplate import digest
from bedplate.errors import BedplateError
from bedplate.files import write_atomic
from bedplate.sources.cache import Cache


class Verified:
    """The record in the cache; a context that writes it at its end."""

    def __init__(self, cache: Cache) -> None:
        """Read the record; a broken one is as good as none."""
        self._cache = cache
        self._path: Path = cache.root / "verified.json"
        self._known: dict[str, list[int]] = {}
        self._changed = False
        if self._path.is_file():
            try:
                self._known = json.loads(self._path.read_bytes())
            except json.JSONDecodeError:
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

    def check(self, sha256: str) -> int:
        """Return a blob's size, once its content is proven; a spoilt blob is removed from the cache."""
        blob = self._cache.blob(sha256)
        try:
            state = blob.stat()
        except FileNotFoundError as error:
            raise BedplateError(f"blob {sha256}", "is not in the cache", "bedplate bundle build again") from error
        mark = [state.st_ino, state.st_size, state.st_mtime_ns]
        if self._known.get(sha256) != mark:
            if digest.of_file(blob) != sha256:
                blob.unlink()
                step = "build again; check the disk"
                raise BedplateError(f"blob {sha256}", "had another content in the cache and was removed", step)
            self._known[sha256] = mark
            self._changed = True
        return state.st_size
