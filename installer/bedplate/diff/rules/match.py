"""Matching a rule with one changed object: where the rule applies, with the values before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bedplate.config.diff_rule import DiffRule, RuleCondition
from bedplate.core import quantity
from bedplate.diff.compare import defaults, kube_schema
from bedplate.diff.rules import pattern, pod_paths
from bedplate.diff.rules.pattern import ELEMENT, Pattern
from bedplate.kube.change import Action, Change, ObjectChange, Path
from bedplate.kube.snapshot import Resource


@dataclass(frozen=True, slots=True)
class RuleMatch:
    """A place where a rule applies; old and new are None where there is no value."""

    path: Path
    old: Any
    new: Any


def find_matches(rule: DiffRule, change: ObjectChange) -> list[RuleMatch]:
    """Return the places where a rule applies to an object's change; the path of a whole object is ``()``.

    A renamed object counts as one that is removed and one that is added: nothing in it changes in place.
    """
    if not _is_about(rule, change.action) or not all(_holds(condition, change) for condition in rule.when):
        return []
    if not rule.path:
        return [RuleMatch((), _object(change.old), _object(change.new))]
    where = compile_pattern(rule.path, change.resource)
    if where is None:
        return []
    excluded = [found for text in rule.except_ if (found := compile_pattern(text, change.resource)) is not None]
    matches = (_with_default(match, change) for match in touched_values(change, where, excluded))
    return [match for match in matches if _changes_as(rule, match)]


def _with_default(match: RuleMatch, change: ObjectChange) -> RuleMatch:
    """Return a match in which the API server's default stands for a value that one snapshot leaves out."""
    if (match.old is None) == (match.new is None) or not (match.path and change.old and change.new):
        return match
    if match.old is None:
        return replace(match, old=_default(change.old.object, match.path))
    return replace(match, new=_default(change.new.object, match.path))


def _default(value: dict[str, Any], path: Path) -> Any:
    node = kube_schema.native_schema(str(value.get("apiVersion", "")), str(value.get("kind", "")))
    parent, key = pattern.at(value, path[:-1]), path[-1]
    if node is None or not isinstance(parent, dict) or not isinstance(key, str):
        return None
    for step in path[:-1]:
        node = node.field(step) if isinstance(step, str) else node.item
    found = defaults.default_of(node, key, parent)
    return found if isinstance(found, str | int) and found else None  # no port and port 0 are the same


def compile_pattern(text: str, resource: Resource) -> Pattern | None:
    """Return a pattern for one kind of object: ``{pod}`` is its pod spec. None for ``{pod}`` in an object without."""
    if not text.startswith(pod_paths.POD):
        return pattern.parse(text)
    template = pod_paths.template(resource)
    return None if template is None else (*template, "spec", *pattern.parse(text.removeprefix(pod_paths.POD)))


def touched_values(change: ObjectChange, where: Pattern, excluded: Sequence[Pattern] = ()) -> list[RuleMatch]:
    """Return the values that a pattern names and that changed: themselves, inside, or with what surrounds them."""
    found: dict[Path, RuleMatch] = {}
    for value_change in changes_of(change):
        if pattern.fits(value_change.path, where) and not any(_inside(value_change.path, out) for out in excluded):
            inside = len(value_change.path) > len(where)
            matches = [_around(change, value_change.path[: len(where)])] if inside else _within(value_change, where)
            for match in matches:
                if match.old != match.new and not any(_inside(match.path, out) for out in excluded):
                    found.setdefault(match.path, match)
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


def _within(change: Change, where: Pattern) -> Iterator[RuleMatch]:
    rest = where[len(change.path) :]
    old, new = dict(pattern.values(change.old, rest)), dict(pattern.values(change.new, rest))
    for path in {**old, **new}:
        if _left_with_its_element(change, rest) and path not in new:
            continue
        yield RuleMatch((*change.path, *path), old.get(path), new.get(path))


def _left_with_its_element(change: Change, rest: Pattern) -> bool:
    """Return whether a whole element (a container, a volume) was removed: then it does not lose its settings."""
    return (
        change.action is Action.REMOVED
        and bool(rest)
        and (not change.path or ELEMENT in rest or not isinstance(change.path[-1], str))
    )


def _is_about(rule: DiffRule, action: Action) -> bool:
    if action is Action.RENAMED:
        return bool({"added", "removed"} & {*rule.actions})
    return action.value in rule.actions


def _holds(condition: RuleCondition, change: ObjectChange) -> bool:
    resource = change.old if condition.snapshot == "old" else change.new
    where = compile_pattern(condition.path, change.resource)
    if resource is None or where is None:
        return False
    found = [value for _, value in pattern.values(resource.object, where)] or [None]
    if condition.none_of and any(value in condition.none_of for value in found):
        return False
    return not condition.any_of or any(value in condition.any_of for value in found)


def _changes_as(rule: DiffRule, match: RuleMatch) -> bool:
    """Return whether a value changes as a rule says."""
    if rule.becomes and not (match.new in rule.becomes and match.old not in rule.becomes):
        return False
    if rule.was and not (match.old in rule.was and match.new not in rule.was):
        return False
    return not rule.change or CHANGES[rule.change](match.old, match.new)


def _is_less(value: Any, other: Any) -> bool:
    left, right = to_number(value), to_number(other)
    return left is not None and right is not None and left < right


CHANGES: dict[str, Callable[[Any, Any], bool]] = {
    "appears": lambda old, new: old is None and new is not None,
    "disappears": lambda old, new: old is not None and new is None,
    "changes": lambda old, new: old is not None and new is not None,
    "shrinks": lambda old, new: _is_less(new, old),
    "grows": _is_less,
}


def to_number(value: Any) -> Decimal | None:
    """Return a quantity as a number, or None if it is not one."""
    try:
        return quantity.parse(str(value)) if value is not None and not isinstance(value, bool) else None
    except ValueError:
        return None


def _object(resource: Resource | None) -> dict[str, Any] | None:
    return resource.object if resource else None
