"""Long lines of a text, cut around what differs in them, so that one value never fills a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

ROOM = 200
"""Characters of a line that are shown."""
BEFORE = 40
"""Characters shown before the first one that differs."""
BLANK = "·"
"""Written for each blank at the end of a line, if lines differ only there."""


def cut_lines(lines: Sequence[str]) -> Iterator[str]:
    """Yield the lines of a diff, each with its sign in front; what is removed and added in one place is compared."""
    at = 0
    while at < len(lines):
        removed = _run(lines, at, "-")
        added = _run(lines, at + len(removed), "+")
        if not (removed or added):
            yield _cut(lines[at], 0)
            at += 1
            continue
        pairs = [_pair(one, other) for one, other in zip(removed, added, strict=False)]
        yield from (one for one, _ in pairs)
        yield from (_cut(line, 0) for line in removed[len(pairs) :])
        yield from (other for _, other in pairs)
        yield from (_cut(line, 0) for line in added[len(pairs) :])
        at += len(removed) + len(added)


def _run(lines: Sequence[str], start: int, sign: str) -> Sequence[str]:
    end = start
    while end < len(lines) and lines[end][:1] == sign:
        end += 1
    return lines[start:end]


def _pair(old: str, new: str) -> tuple[str, str]:
    """Return a removed and an added line, both cut at the same place, and with their blanks if only these differ."""
    if old[1:].rstrip() == new[1:].rstrip():
        return _with_blanks(old), _with_blanks(new)
    ends = min(len(old), len(new))
    first = next((at for at in range(1, ends) if old[at] != new[at]), ends)
    return _cut(old, first), _cut(new, first)


def _with_blanks(line: str) -> str:
    bare = line.rstrip()
    return _cut(bare, len(bare)) + BLANK * min(len(line) - len(bare), BEFORE)


def _cut(line: str, first: int) -> str:
    """Return a line, or the part of it around a position, and its length."""
    if len(line) <= ROOM:
        return line
    start = max(2, min(first - BEFORE, len(line) - ROOM))
    end = min(len(line), start + ROOM)
    dots = ("…" if start > 2 else "", "…" if end < len(line) else "")  # noqa: PLR2004  the sign and a blank
    return f"{line[:2]}{dots[0]}{line[start:end]}{dots[1]} ({len(line) - 2} characters)"
