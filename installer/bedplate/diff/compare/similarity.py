"""Similarity of two values: the share of their equal leaves; each line of a long text is a leaf."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

Leaf = tuple[tuple[str, ...], Any]
ELEMENT = "[]"
"""Written for any position in a leaf's path."""
MOST_PAIRS = 2500
"""With more pairs, similarity is not computed, and all elements count as added and removed."""


def leaves(value: Any) -> Counter[Leaf]:
    """Return a value's leaves: the keys that lead to each (without positions) and its value."""
    return Counter(_leaves(value, ()))


def score(old: Counter[Leaf], new: Counter[Leaf]) -> float:
    """Return the share of equal leaves, from 0 to 1 (Dice's coefficient)."""
    total = old.total() + new.total()
    return 2 * (old & new).total() / total if total else 1.0


def pairs(old: dict[int, Any], new: dict[int, Any], least: float) -> list[tuple[int, int]]:
    """Return pairs of similar values, the most similar first; each value is in at most one pair."""
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
