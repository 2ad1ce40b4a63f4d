"""Where two JSON values differ, each place with both values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

WIDTH = 90
ABSENT = object()


def changes(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """Yield a sentence for each value that differs, with its place."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from changes(old.get(key, ABSENT), new.get(key, ABSENT), f"{place}.{key}".lstrip("."))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from changes(before, after, f"{place}[{number}]")
    elif isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        yield from _lines(old, new, place)
    elif old != new or type(old) is not type(new):
        yield f"{place}: {_shown(old)} -> {_shown(new)}".removeprefix(": ")


def by_name(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each named value that only one side has, or that differs; also where the order differs."""
    for name in [*old, *(name for name in new if name not in old)]:
        if name not in new:
            yield f"{name}: only in the old tree"
        elif name not in old:
            yield f"{name}: only in the new tree"
        else:
            yield from (f"{name}: {text}" for text in changes(old[name], new[name]))
    if old.keys() == new.keys() and list(old) != list(new):
        yield "the order differs"


def _lines(old: str, new: str, place: str) -> Iterator[str]:
    """Yield a sentence for the first line that differs in two texts."""
    pairs = zip_longest(old.split("\n"), new.split("\n"), fillvalue=ABSENT)
    for number, (before, after) in enumerate(pairs, start=1):
        if before != after:
            yield f"{place}, line {number}: {_shown(before)} -> {_shown(after)}"
            return


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "(absent)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"
