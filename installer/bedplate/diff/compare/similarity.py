"""How alike two values are, by their leaves; of a long text each line is one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

Leaf = tuple[tuple[str, ...], Any]
ELEMENT = "[]"
"""Stands for any position in a leaf's path."""
MOST_PAIRS = 2500
"""Beyond this many pairs, likeness is not asked: what is left over is added and removed."""


def leaves(value: Any) -> Counter[Leaf]:
    """Return a value's leaves: the keys that lead there (positions do not count) and what stands there."""
    return Counter(_leaves(value, ()))


def score(old: Counter[Leaf], new: Counter[Leaf]) -> float:
    """Return the share of common leaves, from 0 to 1 (Dice's coefficient)."""
    total = old.total() + new.total()
    return 2 * (old & new).total() / total if total else 1.0


def pairs(old: dict[int, Any], new: dict[int, Any], least: float) -> list[tuple[int, int]]:
    """Return pairs of alike values, the most alike first; a value is in one pair at most."""
    if len(old) * len(new) > MOST_PAIRS:
        return []
    before = {index: leaves(value) for index, value in old.items()}
    after = {index: leaves(value) for index, value in new.items()}
    scored = [(score(one, other), -i, -j) for i, one in before.items() for j, other in after.items()]
    found: list[tuple[int, int]] = []
    for value, i, j in sorted(scored, reverse=True):
        if value >= least and -i in before and -j in after:
            found.append((-i, -j))
            del before[-i], after[-j]
    return found


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[Leaf]:
    match value:
        case dict() if value:
            for key, item in value.items():
                yield from _leaves(item, (*path, str(key)))
        case list() if value:
            for item in value:
                yield from _leaves(item, (*path, ELEMENT))
        case dict():
            yield path, "{}"
        case list():
            yield path, "[]"
        case bool():
            yield path, str(value)
        case str() if "\n" in value:
            yield from ((path, line) for line in value.splitlines())
        case _:
            yield path, value
