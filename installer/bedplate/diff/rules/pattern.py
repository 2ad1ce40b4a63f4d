"""Patterns of paths: ``spec.template.spec.containers[*].image``, and the values that they match in an object."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from bedplate.kube.change import ElementKey, Path, PathStep

ELEMENT = "[*]"
"""Any element of a list."""
Pattern = tuple[str, ...]
_TOKEN = re.compile(r'\[\*\]|"([^"]*)"|([^.\["]+)')


@cache
def parse(text: str) -> Pattern:
    """Return the steps of a pattern; a key may contain ``*``, and a key with dots is quoted."""
    return tuple(found[1] or found[2] or ELEMENT for found in _TOKEN.finditer(text))


def fits(path: Path, pattern: Pattern) -> bool:
    """Return whether a path matches a pattern as far as the shorter of the two goes."""
    return all(_fits(step, token) for step, token in zip(path, pattern, strict=False))


def _fits(step: PathStep, token: str) -> bool:
    if token == ELEMENT:
        return isinstance(step, int | ElementKey)
    return isinstance(step, str) and (step == token or ("*" in token and fnmatchcase(step, token)))


def values(value: Any, pattern: Pattern) -> Iterator[tuple[Path, Any]]:
    """Yield the values inside a value that match a pattern, each with its path; absent ones are left out."""
    if not pattern:
        if value is not None:
            yield (), value
        return
    for step, item in _steps(value, pattern[0]):
        for path, found in values(item, pattern[1:]):
            yield (step, *path), found


def _steps(value: Any, token: str) -> Iterator[tuple[PathStep, Any]]:
    if token == ELEMENT and isinstance(value, list):
        for number, item in enumerate(value):
            name = item.get("name") if isinstance(item, dict) else None
            yield (number if name is None else ElementKey((("name", name),))), item
    elif token != ELEMENT and isinstance(value, dict):
        for key in [token] if token in value else [key for key in value if _fits(key, token)]:
            yield key, value[key]


def at(value: Any, path: Path) -> Any:
    """Return the value at a path, or None; elements of lists are found by their keys."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, ElementKey) and isinstance(value, list):
            value = next((item for item in value if _has_key(item, step)), None)
        elif isinstance(step, int) and isinstance(value, list) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def _has_key(item: Any, key: ElementKey) -> bool:
    """Return whether an element has a key's fields; a field that it leaves out has the API server's default."""
    return isinstance(item, dict) and all(item.get(name, value) == value for name, value in key.fields)
