"""The steps that make one unpacked blob from another: copy a stretch, or decode one with older stretches at hand.

What is long and unchanged is copied. The rest goes through zstd in windows whose dictionary is the older
content of the same files (`zstd --patch-from`, https://github.com/facebook/zstd/wiki/Zstandard-as-a-patching-engine),
so that memory depends on the window's size and not on the blob's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bedplate.config.base import Model
from bedplate.delta.chunk import Chunk
from bedplate.delta.file_slice import FileSlice

WINDOW_SIZE = 16 << 20
MARGIN = 8 << 20
"""How far something may have moved inside a file that is larger than a window."""
DICTIONARY_SIZE = WINDOW_SIZE + 2 * MARGIN
SHORTEST_COPY = 256 << 10
"""Less than this is cheaper inside a window than as a step that ends one."""

Stretch = tuple[int, int]
"""Offset and length."""


class CopyStep(Model):
    """Take a stretch of the older content as it is."""

    old: Stretch


class WindowStep(Model):
    """Decode the next stretch.

    Attributes:
        size: its length.
        near: stretches of the older content that are its dictionary.
        packed: length of its frame; 0 before it is encoded.
    """

    size: int
    near: list[Stretch]
    packed: int = 0


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of the new content, and the older one that is like it, if any; equal if `same`."""

    start: int
    end: int
    old: Stretch | None
    same: bool = False


class OlderContent:
    """The older content: its pieces, by content and by name."""

    def __init__(self, path: Path, pieces: Iterable[Chunk]) -> None:
        """Hash every piece."""
        self._named: dict[str, Chunk] = {}
        self._alike: dict[str, Chunk] = {}
        self._content: dict[bytes, Chunk] = {}
        with path.open("rb") as file:
            for piece in pieces:
                self._named.setdefault(piece.name, piece)
                self._alike.setdefault(piece.alike, piece)
                self._content.setdefault(_hash(FileSlice(file, piece.start, piece.size)), piece)

    def like(self, piece: Chunk, content: FileSlice) -> tuple[Chunk | None, bool]:
        """Return the piece that is most like a new one, and whether they are equal."""
        if same := self._content.get(_hash(content)):
            return same, True
        return self._named.get(piece.name) or self._alike.get(piece.alike), False


def _hash(content: FileSlice) -> bytes:
    total = hashlib.sha256()
    while data := content.read(1 << 20):
        total.update(data)
    return total.digest()


def plan_steps(
    older: OlderContent | None, target: Path, pieces: Iterable[Chunk]
) -> Iterator[tuple[CopyStep | WindowStep, int]]:
    """Yield the steps, each with the place in the target that it makes.

    Args:
        older: the older content; None if there is none.
        target: the new content.
        pieces: what it consists of.
    """
    waiting: list[_Part] = []
    with target.open("rb") as file:
        for part in _runs(_parts(older, piece, FileSlice(file, piece.start, piece.size)) for piece in pieces):
            if part.same and part.old and part.old[1] >= SHORTEST_COPY:
                yield from _windows(waiting)
                waiting = []
                yield CopyStep(old=part.old), part.start
            else:
                waiting.append(part)
                if part.end - waiting[0].start >= WINDOW_SIZE:
                    yield from _windows(waiting)
                    waiting = []
    yield from _windows(waiting)


def _parts(older: OlderContent | None, piece: Chunk, content: FileSlice) -> _Part:
    old, same = older.like(piece, content) if older else (None, False)
    return _Part(piece.start, piece.end, (old.start, old.size) if old else None, same)


def _runs(parts: Iterable[_Part]) -> Iterator[_Part]:
    """Join parts that are equal to neighbouring stretches of the older content."""
    run: _Part | None = None
    for part in parts:
        if run and run.same and part.same and run.old and part.old and sum(run.old) == part.old[0]:
            run = _Part(run.start, part.end, (run.old[0], run.old[1] + part.old[1]), same=True)
            continue
        if run:
            yield run
        run = part
    if run:
        yield run


def _windows(parts: list[_Part]) -> Iterator[tuple[WindowStep, int]]:
    """Cut consecutive parts into windows."""
    cut = [piece for part in parts for piece in _cut(part)]
    group: list[_Part] = []
    for part in cut:
        if group and part.end - group[0].start > WINDOW_SIZE:
            yield _window(group)
            group = []
        group.append(part)
    if group:
        yield _window(group)


def _cut(part: _Part) -> Iterator[_Part]:
    """Cut what is larger than a window; the older stretch of each is about as far into the older content."""
    size = part.end - part.start
    if size <= WINDOW_SIZE:
        yield part
        return
    for start in range(0, size, WINDOW_SIZE):
        end = min(start + WINDOW_SIZE, size)
        old = None
        if part.old:
            first = max(0, part.old[1] * start // size - MARGIN)
            last = min(part.old[1], part.old[1] * end // size + MARGIN)
            old = (part.old[0] + first, last - first)
        yield _Part(part.start + start, part.start + end, old)


def _window(parts: list[_Part]) -> tuple[WindowStep, int]:
    near, room = [], DICTIONARY_SIZE
    for start, size in _merged(part.old for part in parts if part.old):
        near.append((start, min(size, room)))
        room -= near[-1][1]
        if not room:
            break
    return WindowStep(size=parts[-1].end - parts[0].start, near=near), parts[0].start


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Yield stretches in order, those that touch as one."""
    run: Stretch | None = None
    for start, size in sorted(stretches):
        if run and start <= sum(run):
            run = (run[0], max(sum(run), start + size) - run[0])
            continue
        if run:
            yield run
        run = (start, size)
    if run:
        yield run
