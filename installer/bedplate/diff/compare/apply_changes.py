"""Applying changes to the old snapshot, which gives the new one."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

from bedplate.diff.compare import elements, unordered
from bedplate.diff.compare.compare_snapshots import merged
from bedplate.diff.compare.kube_schema import SchemaNode, Schemas
from bedplate.kube import secret_values
from bedplate.kube.change import Action, Change, Changes, ElementKey, ListOrder, ObjectChange, PathStep
from bedplate.kube.snapshot import Snapshot


def apply(changes: Changes, old: Snapshot) -> list[dict[str, Any]]:
    """Return the objects of the new snapshot from those of the old one; hidden values stay hidden."""
    touched = {change.old.identity: change for change in changes.objects if change.old}
    schemas = Schemas([*old.resources.values(), *(change.new for change in changes.objects if change.new)])
    kept = [resource.object for identity, resource in old.resources.items() if identity not in touched]
    patched = [patch(change, schemas) for change in touched.values() if change.new]
    added = [secret_values.redact(change.new.object) for change in changes.objects if change.new and not change.old]
    return [*kept, *patched, *added]


def patch(change: ObjectChange, schemas: Schemas) -> dict[str, Any]:
    """Return one object as it is after its changes."""
    if change.old is None or change.new is None:
        raise ValueError("only an object that exists before and after can be patched")
    result: dict[str, Any] = _value(merged(change.old.object), change.changes, 0, schemas.of(change.new.object))
    if "name" in result["metadata"]:
        result["metadata"]["name"] = change.new.identity.name
    return result


def _value(value: Any, changes: Sequence[Change], depth: int, node: SchemaNode) -> Any:
    """Return a value after the changes whose paths lead to it; depth is the length of its own path."""
    if len(changes) == 1 and len(changes[0].path) == depth:
        return copy.deepcopy(changes[0].new)
    match value:
        case dict():
            return _mapping(value, changes, depth, node)
        case list():
            return _list(value, changes, depth, node)
        case _:
            return changes[0].text


def _mapping(value: dict[str, Any], changes: Sequence[Change], depth: int, node: SchemaNode) -> dict[str, Any]:
    result = copy.deepcopy(value)
    for key, group in _grouped(changes, depth).items():
        if not isinstance(key, str):
            raise TypeError(f"{key} is not a key of a mapping")
        if _is_leaf(group[0], depth, Action.REMOVED):
            del result[key]
        else:
            result[key] = _value(value.get(key), group, depth + 1, node.field(key))
    return result


def _list(value: list[Any], changes: Sequence[Change], depth: int, node: SchemaNode) -> list[Any]:
    added = [change for change in changes if _is_leaf(change, depth, Action.ADDED)]
    order = [change for change in changes if isinstance(change.path[depth], ListOrder)]
    rest = {index: value[index] for index in _distinct(value, node)}
    for step, group in _grouped([one for one in changes if one not in added and one not in order], depth).items():
        index = _index(value, step, node)
        if _is_leaf(group[0], depth, Action.REMOVED):
            del rest[index]
        else:
            rest[index] = _value(value[index], group, depth + 1, node.item)
    indices = _ordered(rest, value, order[0], node) if order else list(rest)
    result = [rest[index] for index in indices]
    for change in sorted(added, key=lambda one: _position(one, len(value) + len(added))):
        result.insert(_position(change, len(result)), copy.deepcopy(change.new))
    return result


def _distinct(values: list[Any], node: SchemaNode) -> list[int]:
    """Return the positions of the elements that count: equal elements of a set count once."""
    if node.list_type == "set":
        return sorted(unordered.without_duplicates(values, node).values())
    return list(range(len(values)))


def _grouped(changes: Iterable[Change], depth: int) -> dict[PathStep, list[Change]]:
    groups: dict[PathStep, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.path[depth], []).append(change)
    return groups


def _is_leaf(change: Change, depth: int, action: Action) -> bool:
    return len(change.path) == depth + 1 and change.action is action


def _position(change: Change, end: int) -> int:
    """Return the position of an added element: at the end if the order does not matter."""
    step = change.path[-1]
    return step if isinstance(step, int) else end if change.at is None else change.at


def _index(values: list[Any], step: PathStep, node: SchemaNode) -> int:
    """Return the position of the element that a step names."""
    if isinstance(step, int):
        return step
    if isinstance(step, ElementKey):
        for keys in ((), node.keys, tuple(name for name, _ in step.fields)):
            names = elements.steps(values, node, keys) if elements.identifies(values, keys, node) or not keys else []
            if step in names:
                return names.index(step)
    raise LookupError(f"no element {step}")


def _ordered(rest: dict[int, Any], values: list[Any], order: Change, node: SchemaNode) -> list[int]:
    """Return the positions of the remaining elements, in their new order."""
    candidates = (node.keys, *((key,) for key in elements.NATURAL_KEYS))
    fitting = (elements.steps(values, node, keys) for keys in candidates if elements.identifies(values, keys, node))
    of_set = [unordered.steps(values, node)] if node.list_type == "set" else []
    steps_of = itertools.chain(fitting, of_set)
    names = next(found for found in ([str(step) for step in steps] for steps in steps_of) if found == order.old)
    return sorted(rest, key=lambda index: order.new.index(names[index]))
