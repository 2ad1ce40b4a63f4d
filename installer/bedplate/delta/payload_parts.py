"""The payload of a delta: writing it in parts that fit a medium, and reading it across the parts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from bedplate.delta.delta_layout import DATA, PayloadPart
from bedplate.delta.file_slice import Readable

BLOCK = 1 << 20


def write_parts(sources: Iterable[Readable], folders: list[Path], capacity: int) -> list[PayloadPart]:
    """Write the sources one after the other, to the file `data` of each folder in turn.

    Args:
        sources: the payload.
        folders: one for each part; each is filled before the next.
        capacity: the most bytes that fit into a part.
    """
    blocks, parts = _blocks(sources), []
    rest = b""
    for folder in folders:
        with (folder / DATA).open("xb") as out:
            part, rest = _fill(out, rest, blocks, capacity)
            os.fsync(out.fileno())
        parts.append(part)
    return parts


def _blocks(sources: Iterable[Readable]) -> Iterator[bytes]:
    for source in sources:
        while data := source.read(BLOCK):
            yield data


def _fill(out: IO[bytes], first: bytes, blocks: Iterator[bytes], capacity: int) -> tuple[PayloadPart, bytes]:
    """Write one part; return it, and the bytes that did not fit."""
    sha, size, data = hashlib.sha256(), 0, first
    while True:
        taken = data[: capacity - size]
        sha.update(taken)
        out.write(taken)
        size += len(taken)
        data = data[len(taken) :]
        if size == capacity:
            return PayloadPart(sha256=sha.hexdigest(), size=size), data
        if not data and not (data := next(blocks, b"")):
            return PayloadPart(sha256=sha.hexdigest(), size=size), b""


class PayloadReader:
    """Reads the payload across its parts."""

    def __init__(self, parts: list[tuple[Path, int]]) -> None:
        """Take the parts' files, in order, and their sizes."""
        self._parts = parts

    def read_slice(self, offset: int, length: int) -> Iterator[bytes]:
        """Yield some bytes of the payload, a block at a time."""
        start = 0
        for path, size in self._parts:
            low, high = max(offset, start), min(offset + length, start + size)
            if low < high:
                with path.open("rb") as file:
                    file.seek(low - start)
                    for at in range(low, high, BLOCK):
                        yield file.read(min(BLOCK, high - at))
            start += size
