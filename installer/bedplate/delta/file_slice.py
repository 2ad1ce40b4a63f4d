"""A part of an open file that reads like a file."""

from __future__ import annotations

from typing import IO, Protocol


class Readable(Protocol):
    """What gives bytes."""

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes, none at the end."""


class Span:
    """Bytes of a file from an offset on; other spans of the same file may be read in between."""

    def __init__(self, file: IO[bytes], offset: int, size: int) -> None:
        """Begin at the offset."""
        self._file, self._at, self._end = file, offset, offset + size

    def read(self, size: int = -1, /) -> bytes:
        """Return up to so many bytes, none at the end."""
        rest = self._end - self._at
        self._file.seek(self._at)
        data = self._file.read(rest if size < 0 else min(size, rest))
        self._at += len(data)
        return data


def copy(source: Readable, target: IO[bytes], chunk: int = 1 << 20) -> int:
    """Copy all there is, some at a time; return how much."""
    total = 0
    while data := source.read(chunk):
        target.write(data)
        total += len(data)
    return total
