"""Comparing two values by their schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bedplate.core import quantity
from bedplate.core.digest import canonical
from bedplate.diff.compare import defaults, elements
from bedplate.diff.compare.kube_schema import META, MISSING, UNKNOWN, SchemaNode
from bedplate.kube import embedded
from bedplate.kube.change import Action, Change, InsideDocument, ListOrder, Path

SAME_DOCUMENT = "only the formatting differs"


def differences(old: Any, new: Any, node: SchemaNode = UNKNOWN, path: Path = ()) -> Iterator[Change]:
    """Yield what differs, sorted by path."""
    if _is_equal(old, new):
        return
    match old, new:
        case dict(), dict():
            yield from _mapping(old, new, node, path)
        case list(), list():
            yield from _list(old, new, node, path)
        case str(), str() if not node.quantity:
            yield from _text(old, new, path)
        case _ if not (node.quantity and _is_equal_quantity(old, new)):
            yield Change(path, Action.CHANGED, old, new)


def is_same(old: Any, new: Any, node: SchemaNode) -> bool:
    """Return whether two values have the same meaning."""
    return next(differences(old, new, node), None) is None


def _is_equal(old: Any, new: Any) -> bool:
    """Return whether values are equal as JSON; to Python, true equals 1."""
    if old is new:
        return True
    if isinstance(old, bool) or isinstance(new, bool):
        return False
    return bool(old == new) and (not isinstance(old, dict | list) or canonical(old) == canonical(new))


def _is_equal_quantity(old: Any, new: Any) -> bool:
    try:
        return quantity.parse(str(old)) == quantity.parse(str(new))
    except ValueError:
        return False


def _mapping(old: dict[str, Any], new: dict[str, Any], node: SchemaNode, path: Path) -> Iterator[Change]:
    for key in sorted(old.keys() | new.keys()):
        if _is_set_by_server(key, old, new, node, path):
            continue
        child, here = node.field(key), (*path, key)
        before, after = _value(old, key, node), _value(new, key, node)
        if before is not MISSING and after is not MISSING:
            yield from differences(before, after, child, here)
        elif after is not MISSING and not _is_default(after, key, node, (old, new)):
            yield Change(here, Action.ADDED, None, after)
        elif before is not MISSING and not _is_default(before, key, node, (old, new)):
            yield Change(here, Action.REMOVED, before, None)


def _value(values: dict[str, Any], key: str, node: SchemaNode) -> Any:
    """Return a key's value; in Kubernetes' own kinds, null is the same as absent."""
    value = values.get(key, MISSING)
    return MISSING if value is None and node.native else value


def _is_set_by_server(key: str, old: dict[str, Any], new: dict[str, Any], node: SchemaNode, path: Path) -> bool:
    """Return whether only the server sets a field: status, and what it writes into metadata.

    Objects are paired by their namespace, so one that differs is written on one side only (see namespaces.py).
    """
    if node.type == META:
        return key in defaults.SERVER_SET or (key == "namespace" and path == ("metadata",))
    match path:
        case ():
            return key == "status" and (node.native or node.field(key).ignored)
        case (*_, "metadata", "annotations"):
            return key in defaults.SERVER_NOTES
        case ("metadata", "labels"):
            return key == defaults.NAMESPACE_LABEL and (key in old) != (key in new)
        case _:
            return False


def _is_default(value: Any, key: str, node: SchemaNode, parents: tuple[dict[str, Any], dict[str, Any]]) -> bool:
    """Return whether a value is the default of an absent one, next to the old fields and next to the new ones."""
    if node.type == META and key == "annotations" and isinstance(value, dict) and value.keys() <= defaults.SERVER_NOTES:
        return True
    child = node.field(key)
    if child.native and child.collection and value in ([], {}):
        return True
    defaulted = (defaults.default_of(node, key, parent) for parent in parents)
    return all(default is not MISSING and is_same(default, value, child) for default in defaulted)


def _list(old: list[Any], new: list[Any], node: SchemaNode, path: Path) -> Iterator[Change]:
    pairing = elements.pair(old, new, node)
    for i, j, step in pairing.matched:
        yield from differences(old[i], new[j], node.item, (*path, step))
    for i, step in pairing.removed:
        yield Change((*path, step), Action.REMOVED, old[i], None)
    for j, step in pairing.added:
        yield Change((*path, step), Action.ADDED, None, new[j], at=j if pairing.keyed_order else None)
    if pairing.moved:
        keys = elements.keys_of(old, new, node)
        before, after = ([str(step) for step in elements.steps(one, node, keys)] for one in (old, new))
        yield Change((*path, ListOrder()), Action.CHANGED, before, after)


def _is_comparable(old: str, new: str) -> bool:
    """Return whether documents of two forms can be compared: JSON is YAML."""
    return old == new or {old, new} == {"json", "yaml"}


def _text(old: str, new: str, path: Path) -> Iterator[Change]:
    key = next((step for step in reversed(path) if isinstance(step, str)), "")
    before, after = embedded.parse(key, old), embedded.parse(key, new)
    if before is None or after is None or not _is_comparable(before.form, after.form):
        yield Change(path, Action.CHANGED, old, new)
        return
    inside = list(differences(before.data, after.data, UNKNOWN, (*path, InsideDocument(after.form))))
    if not inside:
        yield Change(path, Action.CHANGED, old, new, note=SAME_DOCUMENT)
    for change in inside:
        yield Change(change.path, change.action, change.old, change.new, change.note, change.at, new)
