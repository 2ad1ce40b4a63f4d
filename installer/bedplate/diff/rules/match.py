"""A rule held against one changed object: where it applies, and what stood there before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bedplate.core import quantity
from bedplate.diff.compare import defaults, kube_schema
from bedplate.diff.rules import pattern, pod_paths
from bedplate.diff.rules.pattern import ELEMENT, Pattern
from bedplate.diff.rules.rule import Given, Rule
from bedplate.kube.change import Action, Change, ObjectChange, Path
from bedplate.kube.snapshot import Resource


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A place where a rule applies; old and new are None where there is no value."""

    path: Path
    old: Any
    new: Any


def find_matches(rule: Rule, change: ObjectChange) -> list[RuleMatch]:
    """Return the places where a rule applies to an object's change; a whole object is the place ``()``.

    A renamed object is one that was removed and one that is added: nothing of it is changed in place.
    """
    if not _on(rule, change.action) or not all(_given(one, change) for one in rule.given):
        return []
    if not rule.path:
        return [RuleMatch((), _object(change.old), _object(change.new))]
    where = compile_pattern(rule.path, change.resource)
    if where is None:
        return []
    apart = [out for text in rule.apart if (out := compile_pattern(text, change.resource)) is not None]
    return [
        hit for hit in (_defaulted(one, change) for one in touched_values(change, where, apart)) if _moves(rule, hit)
    ]


def _defaulted(hit: RuleMatch, change: ObjectChange) -> RuleMatch:
    """Return a hit with what the API server takes for a field of Kubernetes' own that one side leaves out."""
    if (hit.old is None) == (hit.new is None) or not (hit.path and change.old and change.new):
        return hit
    if hit.old is None:
        return replace(hit, old=_default(change.old.object, hit.path))
    return replace(hit, new=_default(change.new.object, hit.path))


def _default(value: dict[str, Any], path: Path) -> Any:
    node = kube_schema.native_schema(str(value.get("apiVersion", "")), str(value.get("kind", "")))
    parent, key = pattern.at(value, path[:-1]), path[-1]
    if node is None or not isinstance(parent, dict) or not isinstance(key, str):
        return None
    for step in path[:-1]:
        node = node.field(step) if isinstance(step, str) else node.item
    found = defaults.default_of(node, key, parent)
    return found if isinstance(found, str | int) and found else None  # no port and port 0 are one


def compile_pattern(text: str, resource: Resource) -> Pattern | None:
    """Return a pattern for one kind of object: ``{pod}`` is its pod's description; None where it has no pod."""
    if not text.startswith(pod_paths.POD):
        return pattern.parse(text)
    template = pod_paths.template(resource)
    return None if template is None else (*template, "spec", *pattern.parse(text.removeprefix(pod_paths.POD)))


def touched_values(change: ObjectChange, where: Pattern, apart: Sequence[Pattern] = ()) -> list[RuleMatch]:
    """Return what a pattern names and a change touches: at it, inside it, or by a change of something around it."""
    found: dict[Path, RuleMatch] = {}
    for one in changes_of(change):
        if pattern.fits(one.path, where) and not any(_inside(one.path, out) for out in apart):
            inside = len(one.path) > len(where)
            for hit in [_around(change, one.path[: len(where)])] if inside else _within(one, where):
                if hit.old != hit.new and not any(_inside(hit.path, out) for out in apart):
                    found.setdefault(hit.path, hit)
    return list(found.values())


def changes_of(change: ObjectChange) -> tuple[Change, ...]:
    """Return an object's changes; one that is added or removed changes as a whole."""
    match change.action:
        case Action.ADDED:
            return (Change((), Action.ADDED, None, _object(change.new)),)
        case Action.REMOVED:
            return (Change((), Action.REMOVED, _object(change.old), None),)
        case _:
            return change.changes


def _inside(path: Path, where: Pattern) -> bool:
    return len(path) >= len(where) and pattern.fits(path, where)


def _around(change: ObjectChange, path: Path) -> RuleMatch:
    return RuleMatch(path, pattern.at(_object(change.old), path), pattern.at(_object(change.new), path))


def _within(one: Change, where: Pattern) -> Iterator[RuleMatch]:
    rest = where[len(one.path) :]
    old, new = dict(pattern.values(one.old, rest)), dict(pattern.values(one.new, rest))
    for path in {**old, **new}:
        if _gone(one, rest) and path not in new:
            continue
        yield RuleMatch((*one.path, *path), old.get(path), new.get(path))


def _gone(one: Change, rest: Pattern) -> bool:
    """Return whether a whole element (a container, a volume) left: it takes its settings along, it loses none."""
    return one.action is Action.REMOVED and bool(rest) and (not one.path or ELEMENT in rest or _is_element(one))


def _is_element(one: Change) -> bool:
    return bool(one.path) and not isinstance(one.path[-1], str)


def _on(rule: Rule, action: Action) -> bool:
    if action is Action.RENAMED:
        return bool({"added", "removed"} & {*rule.when})
    return action.value in rule.when


def _given(given: Given, change: ObjectChange) -> bool:
    resource = change.old if given.side == "old" else change.new
    where = compile_pattern(given.path, change.resource)
    if resource is None or where is None:
        return False
    found = [value for _, value in pattern.values(resource.object, where)] or [None]
    if given.missing and any(value in given.missing for value in found):
        return False
    return not given.among or any(value in given.among for value in found)


def _moves(rule: Rule, hit: RuleMatch) -> bool:
    if rule.enters and not (hit.new in rule.enters and hit.old not in rule.enters):
        return False
    if rule.leaves and not (hit.old in rule.leaves and hit.new not in rule.leaves):
        return False
    return not rule.moves or MOVES[rule.moves](hit.old, hit.new)


def _less(one: Any, other: Any) -> bool:
    left, right = to_number(one), to_number(other)
    return left is not None and right is not None and left < right


MOVES: dict[str, Callable[[Any, Any], bool]] = {
    "appears": lambda old, new: old is None and new is not None,
    "disappears": lambda old, new: old is not None and new is None,
    "changes": lambda old, new: old is not None and new is not None,
    "shrinks": lambda old, new: _less(new, old),
    "grows": _less,
}


def to_number(value: Any) -> Decimal | None:
    """Return a quantity as a number, None where it is none."""
    try:
        return quantity.parse(str(value)) if value is not None and not isinstance(value, bool) else None
    except ValueError:
        return None


def _object(resource: Resource | None) -> dict[str, Any] | None:
    return resource.object if resource else None
