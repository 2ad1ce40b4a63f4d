"""The elements of a list whose order matters."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from bedplate.core.digest import canonical
from bedplate.diff.compare import similarity
from bedplate.diff.compare.pairing import ListValue, Pairing

ALIKE = 0.5
"""The share of common leaves from which a mapping that differs counts as the same one."""


def pair(old: ListValue, new: ListValue) -> Pairing:
    """Pair by position along the longest common part, so that one insert is one change."""
    before, after = [canonical(value) for value in old], [canonical(value) for value in new]
    pairing = Pairing()
    for tag, i, i_end, j, j_end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        paired = list(_in_block(old[i:i_end], new[j:j_end]))
        pairing.matched += [(i + one, j + other, i + one) for one, other in paired]
        kept, taken = {one for one, _ in paired}, {other for _, other in paired}
        pairing.removed += [(index, index) for index in range(i, i_end) if index - i not in kept]
        pairing.added += [(index, index) for index in range(j, j_end) if index - j not in taken]
    return pairing


def _in_block(old: ListValue, new: ListValue) -> Iterator[tuple[int, int]]:
    """Pair what stands in place of each other: plain values if they are equally many, else what is alike, in order."""
    if len(old) == len(new) and all(map(_can_replace, old, new)):
        yield from ((index, index) for index in range(len(old)))
        return
    start = 0
    for index, value in enumerate(old):
        found = next((place for place in range(start, len(new)) if _is_like(value, new[place])), None)
        if found is not None:
            yield index, found
            start = found + 1


def _can_replace(old: Any, new: Any) -> bool:
    """Return whether a value can replace another: plain ones, but for flags of another name; else what is like it."""
    match old, new:
        case str(), str():
            return not (old.startswith("-") or new.startswith("-")) or _is_like(old, new)
        case dict(), dict():
            return old.keys() == new.keys() or _is_like(old, new)
        case dict() | list(), _:
            return False
        case _:
            return True


def _is_like(old: Any, new: Any) -> bool:
    match old, new:
        case str(), str():
            return old.startswith("-") and old.partition("=")[0] == new.partition("=")[0]
        case dict(), dict():
            return similarity.score(similarity.leaves(old), similarity.leaves(new)) >= ALIKE
        case _:
            return False
