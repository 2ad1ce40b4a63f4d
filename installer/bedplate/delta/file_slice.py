"""A slice of an open file, which reads like a file of its own."""

from __future__ import annotations

from typing import IO, Protocol


class Readable(Protocol):
    """Anything that bytes can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes; none at the end."""


class FileSlice:
    """Some bytes of a file from an offset on; other slices of the same file may be read in between."""

    def __init__(self, file: IO[bytes], offset: int, size: int) -> None:
        """Begin at the offset."""
        self._file, self._at, self._end = file, offset, offset + size

    def read(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes; none at the end."""
        rest = self._end - self._at
        self._file.seek(self._at)
        data = self._file.read(rest if size < 0 else min(size, rest))
        self._at += len(data)
        return data


def copy(source: Readable, target: IO[bytes], chunk: int = 1 << 20) -> int:
    """Copy everything, a block at a time; return the number of bytes."""
    total = 0
    while data := source.read(chunk):
        target.write(data)
        total += len(data)
    return total
