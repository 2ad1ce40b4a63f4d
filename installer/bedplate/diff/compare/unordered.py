"""Pairing the elements of a set: a list without an order, whose elements may have no keys."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from bedplate.core.digest import canonical
from bedplate.diff.compare import similarity
from bedplate.diff.compare.kube_schema import MISSING, SchemaNode
from bedplate.diff.compare.pairing import ListValue, Pairing
from bedplate.kube.change import ElementKey, PathStep

SIMILAR = 0.5
"""The share of equal leaves from which a changed element counts as the same element."""
FEW_LEAVES = 3


def pair(old: ListValue, new: ListValue, node: SchemaNode) -> Pairing:
    """Pair equal elements, then those with the same label, then similar ones; the order does not matter."""
    before, after = without_duplicates(old, node), without_duplicates(new, node)
    for equal in before.keys() & after.keys():
        del before[equal], after[equal]
    rest, others = dict.fromkeys(before.values()), dict.fromkeys(after.values())
    found: list[tuple[int, int]] = []
    for find in (_same_label, _similar):
        for i, j in find(old, new, rest, others, node):
            found.append((i, j))
            del rest[i], others[j]
    old_steps, new_steps = steps(old, node), steps(new, node)
    return Pairing(
        sorted(((i, j, old_steps[i]) for i, j in found), key=lambda row: str(row[2])),
        sorted(((i, old_steps[i]) for i in rest), key=lambda row: str(row[1])),
        sorted(((j, new_steps[j]) for j in others), key=lambda row: str(row[1])),
    )


def steps(values: ListValue, node: SchemaNode) -> list[PathStep]:
    """Return the path step of each element: its label if no other has the same, else its position."""
    named = [_step(value, node) for value in values]
    count: dict[PathStep | None, int] = defaultdict(int)
    for step in named:
        count[step] += 1
    return [index if step is None or count[step] > 1 else step for index, step in enumerate(named)]


def without_duplicates(values: ListValue, node: SchemaNode) -> dict[bytes, int]:
    """Return the position of each distinct value: of equal values, the last."""
    return {canonical(_sorted(value, node.item)): index for index, value in enumerate(values)}


def _sorted(value: Any, node: SchemaNode) -> Any:
    """Return a value with its inner sets sorted, so that equal values have the same text."""
    match value:
        case dict():
            return {key: _sorted(item, node.field(key)) for key, item in value.items()}
        case list():
            items = [_sorted(item, node.item) for item in value]
            return sorted(items, key=canonical) if node.list_type == "set" else items
        case _:
            return value


def _same_label(
    old: ListValue, new: ListValue, rest: dict[int, None], others: dict[int, None], node: SchemaNode
) -> list[tuple[int, int]]:
    if not node.label:
        return []
    before, after = _unique_labels(old, rest, node), _unique_labels(new, others, node)
    return [(index, after[label]) for label, index in before.items() if label in after]


def _unique_labels(values: ListValue, indices: dict[int, None], node: SchemaNode) -> dict[ElementKey, int]:
    found: dict[ElementKey, list[int]] = defaultdict(list)
    for index in indices:
        if isinstance(values[index], dict) and (label := _label(values[index], node)):
            found[label].append(index)
    return {label: where[0] for label, where in found.items() if len(where) == 1}


def _similar(
    old: ListValue, new: ListValue, rest: dict[int, None], others: dict[int, None], _node: SchemaNode
) -> list[tuple[int, int]]:
    before = {index: old[index] for index in rest if isinstance(old[index], dict | list)}
    after = {index: new[index] for index in others if isinstance(new[index], dict | list)}
    return similarity.pairs(before, after, SIMILAR)


def _step(value: Any, node: SchemaNode) -> PathStep | None:
    """Return the name of an element of a set: its label, or all of it if that is short; else None."""
    if not isinstance(value, dict):
        return None if isinstance(value, list) else ElementKey((("", value),))
    label = _label(value, node)
    if label:
        return label
    found = list(similarity.leaves(value).elements())
    if not value or len(found) > FEW_LEAVES or any(similarity.ELEMENT in path for path, _ in found):
        return None
    return ElementKey(tuple(sorted(((".".join(path), item) for path, item in found), key=str)))


def _label(value: dict[str, Any], node: SchemaNode) -> ElementKey | None:
    fields = []
    for name in node.label:
        found = value.get(name, node.item.field(name).default)
        if isinstance(found, list):
            found = tuple(sorted(map(str, found)))
        if isinstance(found, dict):
            return None
        if found is not MISSING and found not in (None, (), ""):
            fields.append((name, found))
    return ElementKey(tuple(fields)) if fields else None
