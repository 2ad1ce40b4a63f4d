"""Comparing two snapshots: which objects and hosts differ, and in which values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from bedplate.diff.compare.host_changes import host_changes
from bedplate.diff.compare.kube_schema import Schemas, native_schema
from bedplate.diff.compare.live_objects import as_written
from bedplate.diff.compare.rename import find_renames
from bedplate.diff.compare.template_order import order_changes
from bedplate.diff.compare.value_differences import differences
from bedplate.kube import secret_values
from bedplate.kube.change import Action, Change, Changes, ObjectChange
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource, Snapshot

Place = tuple[str, str, str]
"""Kind, namespace and name: what remains when an object moves to another API group."""


def compare(old: Snapshot, new: Snapshot) -> Changes:
    """Return everything that differs. Objects with equal digests are not compared further."""
    schemas = Schemas([*old.resources.values(), *new.resources.values()])
    changes = list(_kept(old, new, schemas))
    removed = [resource for identity, resource in old.resources.items() if identity not in new.resources]
    added = [resource for identity, resource in new.resources.items() if identity not in old.resources]
    changes += _removed_and_added(removed, added, schemas)
    return Changes(tuple(sorted(changes, key=_order)), tuple(host_changes(old.hosts, new.hosts)))


def _order(change: ObjectChange) -> tuple[ObjectId, Action]:
    return change.identity, change.action


def _kept(old: Snapshot, new: Snapshot, schemas: Schemas) -> Iterator[ObjectChange]:
    for identity, before in old.resources.items():
        after = new.resources.get(identity)
        if after is not None and before.digest != after.digest:
            changes = _changes_between(before, after, schemas)
            if changes:
                yield ObjectChange(Action.CHANGED, before, after, changes)


def _removed_and_added(removed: list[Resource], added: list[Resource], schemas: Schemas) -> Iterator[ObjectChange]:
    """Yield objects that moved to another group, then renamed ones, then those really removed and added."""
    old_only = {resource.identity: resource for resource in removed}
    new_only = {resource.identity: resource for resource in added}
    for before, after in _moved(removed, added):
        del old_only[before.identity], new_only[after.identity]
        yield ObjectChange(Action.CHANGED, before, after, _changes_between(before, after, schemas))
    for before, after in find_renames(old_only.values(), new_only.values()):
        del old_only[before.identity], new_only[after.identity]
        changes = _changes_between(before, after, schemas)
        rest = tuple(change for change in changes if change.path != ("metadata", "name"))
        yield ObjectChange(Action.RENAMED, before, after, rest)
    yield from (ObjectChange(Action.REMOVED, resource, None) for resource in old_only.values())
    yield from (ObjectChange(Action.ADDED, None, resource) for resource in new_only.values())


def _moved(removed: Iterable[Resource], added: Iterable[Resource]) -> Iterator[tuple[Resource, Resource]]:
    """Yield pairs that moved between two of Kubernetes' own groups, such as from extensions to apps."""
    places: dict[Place, Resource] = {resource.identity[1:]: resource for resource in added if _is_native(resource)}
    for resource in removed:
        if _is_native(resource) and resource.identity[1:] in places:
            yield resource, places.pop(resource.identity[1:])


def _is_native(resource: Resource) -> bool:
    return native_schema(str(resource.object.get("apiVersion", "")), resource.identity.kind) is not None


def object_changes(old: dict[str, Any], new: dict[str, Any], schemas: Schemas) -> tuple[Change, ...]:
    """Return what differs between two states of one object; of hidden values, only that they differ."""
    return tuple(map(_redacted, differences(merged(old), merged(new), schemas.of(new))))


def _changes_between(before: Resource, after: Resource, schemas: Schemas) -> tuple[Change, ...]:
    """Return what differs between two snapshots' states: what people write, and an order that restarts pods."""
    old, new = as_written(before.object, after.object), as_written(after.object, before.object)
    found = object_changes(old, new, schemas)
    return (*found, *order_changes(merged(old), merged(new), schemas.of(new), found))


def merged(value: dict[str, Any]) -> dict[str, Any]:
    """Return a Secret as the server stores it: stringData is merged into data and wins."""
    match value:
        case {"kind": "Secret", "stringData": dict() as texts, **rest} if texts and isinstance(
            rest.get("data"), dict | None
        ):
            return {"kind": "Secret", **rest, "data": {**(rest.get("data") or {}), **texts}}
        case _:
            return value


def _redacted(change: Change) -> Change:
    return dataclasses.replace(change, old=secret_values.redact(change.old), new=secret_values.redact(change.new))
