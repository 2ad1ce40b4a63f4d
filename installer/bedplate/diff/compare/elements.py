"""Pairing the elements of two lists: by their keys, as a set, or in their order."""

from __future__ import annotations

from typing import Any

from bedplate.diff.compare import sequence, unordered
from bedplate.diff.compare.kube_schema import MISSING, SchemaNode
from bedplate.diff.compare.pairing import ListValue, Pairing
from bedplate.kube.change import ElementKey, PathStep

NATURAL_KEYS = ("name", "id", "key", "path")
"""Keys that identify mappings in a list without a schema, if every element has a different value."""
ENVIRONMENT = "io.k8s.api.core.v1.EnvVar"


def pair(old: ListValue, new: ListValue, node: SchemaNode) -> Pairing:
    """Return which elements are the same."""
    keys = keys_of(old, new, node)
    if keys:
        before, after = _keyed(old, keys, node), _keyed(new, keys, node)
        return _by_key(before, after, keyed_order=_order_matters(old, new, node))
    return unordered.pair(old, new, node) if node.list_type == "set" else sequence.pair(old, new)


def keys_of(old: ListValue, new: ListValue, node: SchemaNode) -> tuple[str, ...]:
    """Return the keys that identify the elements of both lists, or nothing if none do."""
    if node.list_type == "map":
        candidates: tuple[tuple[str, ...], ...] = (node.keys,)
    else:
        candidates = () if node.list_type else tuple((key,) for key in NATURAL_KEYS)
    for keys in candidates:
        if identifies(old, keys, node) and identifies(new, keys, node):
            return keys
    return ()


def steps(values: ListValue, node: SchemaNode, keys: tuple[str, ...]) -> list[PathStep]:
    """Return the path step of each element of a list."""
    if keys:
        return list(_keyed(values, keys, node))
    return unordered.steps(values, node) if node.list_type == "set" else list(range(len(values)))


def _key(value: dict[str, Any], keys: tuple[str, ...], node: SchemaNode) -> ElementKey | None:
    """Return an element's keys, including the server's defaults; None if it has none, or one is not a plain value."""
    fields = []
    for key in keys:
        found = value.get(key, node.item.field(key).default)
        if isinstance(found, dict | list):
            return None
        if found is not MISSING and found is not None:
            fields.append((key, found))
    return ElementKey(tuple(fields)) if fields else None


def identifies(values: ListValue, keys: tuple[str, ...], node: SchemaNode) -> bool:
    """Return whether every element is a mapping with different values at the keys."""
    if not all(isinstance(value, dict) for value in values):
        return False
    found = {_key(value, keys, node) for value in values}
    return None not in found and len(found) == len(values)


def _keyed(values: ListValue, keys: tuple[str, ...], node: SchemaNode) -> dict[PathStep, int]:
    return {step: index for index, value in enumerate(values) if (step := _key(value, keys, node))}


def _order_matters(old: ListValue, new: ListValue, node: SchemaNode) -> bool:
    """Return whether the order of elements with keys matters.

    An environment variable may refer to earlier ones, as ``$(NAME)``
    (https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/).
    """
    if node.item.type == ENVIRONMENT:
        return any("$(" in str(value.get("value", "")) for value in (*old, *new))
    return node.ordered or not node.list_type


def _by_key(before: dict[PathStep, int], after: dict[PathStep, int], *, keyed_order: bool) -> Pairing:
    if not keyed_order:
        before, after = _by_name(before), _by_name(after)
    return Pairing(
        [(index, after[step], step) for step, index in before.items() if step in after],
        [(index, step) for step, index in before.items() if step not in after],
        [(index, step) for step, index in after.items() if step not in before],
        keyed_order,
    )


def _by_name(indices: dict[PathStep, int]) -> dict[PathStep, int]:
    return dict(sorted(indices.items(), key=lambda item: str(item[0])))
