"""Comparing the OpenAPI schemas of a custom kind: fields added, removed, retyped and restricted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KEEP = "x-kubernetes-preserve-unknown-fields"
LOWER = ("minimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "maxLength", "maxItems", "maxProperties")


@dataclass(slots=True)
class FieldChanges:
    """What differs between two schemas, as paths and short phrases."""

    added: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    typed: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    stricter: list[str] = field(default_factory=list)
    defaults: list[str] = field(default_factory=list)


def compare_fields(old: Any, new: Any) -> FieldChanges:
    """Return what differs between two OpenAPI schemas, apart from descriptions."""
    found = FieldChanges()
    if isinstance(old, dict) and isinstance(new, dict):
        _walk(old, new, "", found)
    return found


def _walk(old: dict[str, Any], new: dict[str, Any], path: str, found: FieldChanges) -> None:
    here = path or "the object"
    if _kind(old) != _kind(new):
        found.typed.append(f"{here} {_kind(old)} → {_kind(new)}")
        return
    _limits(old, new, here, found)
    if old.get("default") != new.get("default") and path:
        found.defaults.append(f"{here} {_text(old.get('default'))} → {_text(new.get('default'))}")
    _properties(old, new, path, found)
    for key, mark in (("items", "[]"), ("additionalProperties", ".*")):
        inner = old.get(key), new.get(key)
        if isinstance(inner[0], dict) and isinstance(inner[1], dict):
            _walk(inner[0], inner[1], path + mark, found)
    if old.get(KEEP) and not new.get(KEEP):
        found.removed.append(f"{here}: fields that the schema does not name")


def _properties(old: dict[str, Any], new: dict[str, Any], path: str, found: FieldChanges) -> None:
    before, after = old.get("properties") or {}, new.get("properties") or {}
    wanted = {*(new.get("required") or [])} - {*(old.get("required") or [])}
    if not (before or not after or not old.get(KEEP)):
        wanted = set()
    for name in sorted({*before, *after}):
        inner = f"{path}.{name}" if path else name
        if name not in after:
            if not (new.get(KEEP) or isinstance(new.get("additionalProperties"), dict)):
                found.removed.append(inner)
        elif name not in before:
            found.added.append(f"{inner} (required)" if name in wanted else inner)
            if name in wanted and "default" not in after[name]:
                found.required.append(inner)
        else:
            if name in wanted and "default" not in after[name]:
                found.required.append(inner)
            _walk(before[name], after[name], inner, found)


def _kind(schema: dict[str, Any]) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "int-or-string"
    return str(schema.get("type", "anything"))


def _limits(old: dict[str, Any], new: dict[str, Any], here: str, found: FieldChanges) -> None:
    limits = [*_enum(old, new), *_bounds(old, new), *_pattern(old, new), *_checks(old, new)]
    if limits:
        found.stricter.append(f"{here}: {', '.join(limits)}")


def _enum(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    if "enum" in new:
        if "enum" not in old:
            yield f"only {', '.join(map(_text, new['enum']))}"
        elif gone := [one for one in old["enum"] if one not in new["enum"]]:
            yield f"no longer {', '.join(map(_text, gone))}"


def _bounds(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for keys, tighter in ((LOWER, 1), (UPPER, -1)):
        for key in keys:
            now, was = new.get(key), old.get(key)
            if now is not None and (was is None or (now - was) * tighter > 0):
                yield f"{key} {_text(now)}"


def _pattern(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for key in ("pattern", "format"):
        if new.get(key) and new.get(key) != old.get(key):
            yield f"{key} {new[key]}"


def _checks(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Yield CEL rules that are new; https://kubernetes.io/docs/reference/using-api/cel/."""
    key = "x-kubernetes-validations"
    before = {one.get("rule") for one in old.get(key) or []}
    for one in new.get(key) or []:
        if one.get("rule") not in before:
            yield f"rule {one.get('message') or one.get('rule')}"


def _text(value: Any) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
