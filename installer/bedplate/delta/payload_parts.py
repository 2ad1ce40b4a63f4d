"""Cutting one long payload into stretches of a medium's size, and reading it across them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from bedplate.delta.delta_layout import DATA, PayloadPart
from bedplate.delta.file_slice import Readable

CHUNK = 1 << 20


def write_parts(sources: Iterable[Readable], folders: list[Path], capacity: int) -> list[PayloadPart]:
    """Write what the sources give, one after the other, to the file `data` of each folder in turn.

    Args:
        sources: the payload.
        folders: one for each part; each is filled before the next.
        capacity: the most bytes a part takes.
    """
    stream, parts = _chunks(sources), []
    rest = b""
    for folder in folders:
        with (folder / DATA).open("xb") as out:
            part, rest = _fill(out, rest, stream, capacity)
            os.fsync(out.fileno())
        parts.append(part)
    return parts


def _chunks(sources: Iterable[Readable]) -> Iterator[bytes]:
    for source in sources:
        while data := source.read(CHUNK):
            yield data


def _fill(out: IO[bytes], first: bytes, stream: Iterator[bytes], capacity: int) -> tuple[PayloadPart, bytes]:
    """Write one part; return it and what did not fit any more."""
    sha, size, data = hashlib.sha256(), 0, first
    while True:
        taken = data[: capacity - size]
        sha.update(taken)
        out.write(taken)
        size += len(taken)
        data = data[len(taken) :]
        if size == capacity:
            return PayloadPart(sha256=sha.hexdigest(), size=size), data
        if not data and not (data := next(stream, b"")):
            return PayloadPart(sha256=sha.hexdigest(), size=size), b""


class PayloadReader:
    """The payload, read across its parts."""

    def __init__(self, parts: list[tuple[Path, int]]) -> None:
        """Know the files, in order, and their sizes."""
        self._parts = parts

    def chunks(self, offset: int, length: int) -> Iterator[bytes]:
        """Yield a stretch, some at a time."""
        start = 0
        for path, size in self._parts:
            low, high = max(offset, start), min(offset + length, start + size)
            if low < high:
                with path.open("rb") as file:
                    file.seek(low - start)
                    for at in range(low, high, CHUNK):
                        yield file.read(min(CHUNK, high - at))
            start += size
