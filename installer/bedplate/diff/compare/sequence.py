"""Pairing the elements of a list whose order matters."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any

from bedplate.core.digest import canonical
from bedplate.diff.compare import similarity
from bedplate.diff.compare.pairing import ListValue, Pairing

SIMILAR = 0.5
"""The share of equal leaves from which a changed mapping counts as the same element."""


def pair(old: ListValue, new: ListValue) -> Pairing:
    """Pair by position along the longest common subsequence, so that one insertion is one change."""
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
    """Pair the elements of a replaced block: all in order if each can replace the other, else the similar ones."""
    if len(old) == len(new) and all(map(_can_replace, old, new)):
        yield from ((index, index) for index in range(len(old)))
        return
    start = 0
    for index, value in enumerate(old):
        found = next((place for place in range(start, len(new)) if _is_similar(value, new[place])), None)
        if found is not None:
            yield index, found
            start = found + 1


def _can_replace(old: Any, new: Any) -> bool:
    """Return whether a value can replace another: any plain value except a flag of another name, or a similar value."""
    match old, new:
        case str(), str():
            return not (old.startswith("-") or new.startswith("-")) or _is_similar(old, new)
        case dict(), dict():
            return old.keys() == new.keys() or _is_similar(old, new)
        case dict() | list(), _:
            return False
        case _:
            return True


def _is_similar(old: Any, new: Any) -> bool:
    match old, new:
        case str(), str():
            return old.startswith("-") and old.partition("=")[0] == new.partition("=")[0]
        case dict(), dict():
            return similarity.score(similarity.leaves(old), similarity.leaves(new)) >= SIMILAR
        case _:
            return False
