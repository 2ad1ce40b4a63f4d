"""The steps of a patch, which make one unpacked blob from an older one: copy a range, or decode a window.

Long unchanged ranges are copied. The rest goes through zstd in windows whose dictionary is the older content of the
same files (`zstd --patch-from`, https://github.com/facebook/zstd/wiki/Zstandard-as-a-patching-engine). So memory
depends on the window's size and not on the blob's.
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
"""Bytes that content may have moved inside a file that is larger than a window."""
DICTIONARY_SIZE = WINDOW_SIZE + 2 * MARGIN
SHORTEST_COPY = 256 << 10
"""Bytes; less is cheaper inside a window than as a step that ends one."""

Range = tuple[int, int]
"""Offset and length."""


class CopyStep(Model):
    """Copy a range of the older content."""

    old: Range


class WindowStep(Model):
    """Decode the next bytes from a zstd frame.

    Attributes:
        size: bytes that come out.
        near: ranges of the older content that are the dictionary.
        packed: length of the frame; 0 before it is encoded.
    """

    size: int
    near: list[Range]
    packed: int = 0


@dataclass(frozen=True, slots=True)
class _Match:
    """A range of the new content, and the most similar one of the older content, if any; equal if `same`."""

    start: int
    end: int
    old: Range | None
    same: bool = False


class OlderContent:
    """The chunks of the older content, by content and by name."""

    def __init__(self, path: Path, chunks: Iterable[Chunk]) -> None:
        """Hash every chunk."""
        self._named: dict[str, Chunk] = {}
        self._unnumbered: dict[str, Chunk] = {}
        self._content: dict[bytes, Chunk] = {}
        with path.open("rb") as file:
            for chunk in chunks:
                self._named.setdefault(chunk.name, chunk)
                self._unnumbered.setdefault(chunk.unnumbered_name, chunk)
                self._content.setdefault(_hash(FileSlice(file, chunk.start, chunk.size)), chunk)

    def most_similar(self, chunk: Chunk, content: FileSlice) -> tuple[Chunk | None, bool]:
        """Return the older chunk that is most similar to a new one, and whether they are equal."""
        if same := self._content.get(_hash(content)):
            return same, True
        return self._named.get(chunk.name) or self._unnumbered.get(chunk.unnumbered_name), False


def _hash(content: FileSlice) -> bytes:
    total = hashlib.sha256()
    while data := content.read(1 << 20):
        total.update(data)
    return total.digest()


def plan_steps(
    older: OlderContent | None, target: Path, chunks: Iterable[Chunk]
) -> Iterator[tuple[CopyStep | WindowStep, int]]:
    """Yield the steps, each with the offset in the target at which its output begins.

    Args:
        older: the older content; None if there is none.
        target: the new content.
        chunks: the chunks of the new content.
    """
    waiting: list[_Match] = []
    with target.open("rb") as file:
        for match in _runs(_match(older, chunk, FileSlice(file, chunk.start, chunk.size)) for chunk in chunks):
            if match.same and match.old and match.old[1] >= SHORTEST_COPY:
                yield from _windows(waiting)
                waiting = []
                yield CopyStep(old=match.old), match.start
            else:
                waiting.append(match)
                if match.end - waiting[0].start >= WINDOW_SIZE:
                    yield from _windows(waiting)
                    waiting = []
    yield from _windows(waiting)


def _match(older: OlderContent | None, chunk: Chunk, content: FileSlice) -> _Match:
    old, same = older.most_similar(chunk, content) if older else (None, False)
    return _Match(chunk.start, chunk.end, (old.start, old.size) if old else None, same)


def _runs(matches: Iterable[_Match]) -> Iterator[_Match]:
    """Join matches that are equal to neighbouring ranges of the older content."""
    run: _Match | None = None
    for match in matches:
        if run and run.same and match.same and run.old and match.old and sum(run.old) == match.old[0]:
            run = _Match(run.start, match.end, (run.old[0], run.old[1] + match.old[1]), same=True)
            continue
        if run:
            yield run
        run = match
    if run:
        yield run


def _windows(matches: list[_Match]) -> Iterator[tuple[WindowStep, int]]:
    """Group consecutive matches into windows."""
    split = [part for match in matches for part in _split(match)]
    group: list[_Match] = []
    for part in split:
        if group and part.end - group[0].start > WINDOW_SIZE:
            yield _window(group)
            group = []
        group.append(part)
    if group:
        yield _window(group)


def _split(match: _Match) -> Iterator[_Match]:
    """Split a match that is larger than a window; each part gets the older range at about the same relative offset."""
    size = match.end - match.start
    if size <= WINDOW_SIZE:
        yield match
        return
    for start in range(0, size, WINDOW_SIZE):
        end = min(start + WINDOW_SIZE, size)
        old = None
        if match.old:
            first = max(0, match.old[1] * start // size - MARGIN)
            last = min(match.old[1], match.old[1] * end // size + MARGIN)
            old = (match.old[0] + first, last - first)
        yield _Match(match.start + start, match.start + end, old)


def _window(matches: list[_Match]) -> tuple[WindowStep, int]:
    near, room = [], DICTIONARY_SIZE
    for start, size in _merged(match.old for match in matches if match.old):
        near.append((start, min(size, room)))
        room -= near[-1][1]
        if not room:
            break
    return WindowStep(size=matches[-1].end - matches[0].start, near=near), matches[0].start


def _merged(ranges: Iterable[Range]) -> Iterator[Range]:
    """Yield ranges in order, those that touch as one."""
    run: Range | None = None
    for start, size in sorted(ranges):
        if run and start <= sum(run):
            run = (run[0], max(sum(run), start + size) - run[0])
            continue
        if run:
            yield run
        run = (start, size)
    if run:
        yield run
