"""Comparing two sides: which objects and hosts differ, and in which values."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from bedplate.diff.compare.host_changes import host_changes
from bedplate.diff.compare.kube_schema import Schemas, own
from bedplate.diff.compare.rename import renames
from bedplate.diff.compare.value_differences import differences
from bedplate.kube import secret_values
from bedplate.kube.change import Action, Change, Changes, ObjectChange
from bedplate.kube.object_id import Identity
from bedplate.kube.snapshot import Side, Thing

Place = tuple[str, str, str]
"""Kind, namespace and name: what stays when an object moves to another API group."""


def compare(old: Side, new: Side) -> Changes:
    """Return all that differs. Equal digests are not looked into."""
    schemas = Schemas([*old.things.values(), *new.things.values()])
    changes = list(_kept(old, new, schemas))
    removed = [thing for identity, thing in old.things.items() if identity not in new.things]
    added = [thing for identity, thing in new.things.items() if identity not in old.things]
    changes += _gone_and_come(removed, added, schemas)
    return Changes(tuple(sorted(changes, key=_order)), tuple(host_changes(old.hosts, new.hosts)))


def _order(change: ObjectChange) -> tuple[Identity, Action]:
    return change.identity, change.action


def _kept(old: Side, new: Side, schemas: Schemas) -> Iterator[ObjectChange]:
    for identity, before in old.things.items():
        after = new.things.get(identity)
        if after is not None and before.digest != after.digest:
            changes = object_changes(before.object, after.object, schemas)
            if changes:
                yield ObjectChange(Action.CHANGED, before, after, changes)


def _gone_and_come(removed: list[Thing], added: list[Thing], schemas: Schemas) -> Iterator[ObjectChange]:
    """Yield objects that moved to another group, then renamed ones, then what is really removed and added."""
    gone = {thing.identity: thing for thing in removed}
    come = {thing.identity: thing for thing in added}
    for before, after in _moved(removed, added):
        del gone[before.identity], come[after.identity]
        yield ObjectChange(Action.CHANGED, before, after, object_changes(before.object, after.object, schemas))
    for before, after in renames(gone.values(), come.values()):
        del gone[before.identity], come[after.identity]
        changes = object_changes(before.object, after.object, schemas)
        rest = tuple(change for change in changes if change.path != ("metadata", "name"))
        yield ObjectChange(Action.RENAMED, before, after, rest)
    yield from (ObjectChange(Action.REMOVED, thing, None) for thing in gone.values())
    yield from (ObjectChange(Action.ADDED, None, thing) for thing in come.values())


def _moved(removed: Iterable[Thing], added: Iterable[Thing]) -> Iterator[tuple[Thing, Thing]]:
    """Yield pairs of one kind, namespace and name whose groups are Kubernetes' own, such as extensions and apps."""
    places: dict[Place, Thing] = {thing.identity[1:]: thing for thing in added if _is_own(thing)}
    for thing in removed:
        if _is_own(thing) and thing.identity[1:] in places:
            yield thing, places.pop(thing.identity[1:])


def _is_own(thing: Thing) -> bool:
    return own(str(thing.object.get("apiVersion", "")), thing.identity.kind) is not None


def object_changes(old: dict[str, Any], new: dict[str, Any], schemas: Schemas) -> tuple[Change, ...]:
    """Return what differs between two states of one object; of hidden values only that they do."""
    node = schemas.of(new)
    return tuple(_shown(change) for change in differences(merged(old), merged(new), node))


def merged(value: dict[str, Any]) -> dict[str, Any]:
    """Return a Secret as the server keeps it: stringData goes into data and wins."""
    match value:
        case {"kind": "Secret", "stringData": dict() as texts, **rest} if texts and isinstance(
            rest.get("data"), dict | None
        ):
            return {"kind": "Secret", **rest, "data": {**(rest.get("data") or {}), **texts}}
        case _:
            return value


def _shown(change: Change) -> Change:
    return dataclasses.replace(change, old=secret_values.shown(change.old), new=secret_values.shown(change.new))
