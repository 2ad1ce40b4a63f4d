"""Objects read from a running cluster: what its controllers and its API server add is not a difference to manifests."""

from __future__ import annotations

import dataclasses
import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from bedplate.core.sizes import count_of
from bedplate.kube import object_id, yaml_text
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource, Snapshot

FILE = Path(__file__).parent / "data" / "live-objects.yaml"
EVERY = "*"
CHOSEN = ("None", ["None"])
"""Values that the API server never allocates: a Service without an address is a choice."""

Object = dict[str, Any]
Step = str | dict[str, str]


def without_made(old: Snapshot, new: Snapshot) -> tuple[Snapshot, Snapshot]:
    """Return both snapshots without the objects of one side that its cluster made by itself; a note counts them."""
    lone = [
        [one.resources[key] for key in one.resources if key not in other.resources]
        for one, other in ((old, new), (new, old))
    ]
    live = [any(_is_live(one) for one in resources) for resources in lone]
    first, second = (
        _without(side, [one for one in resources if _is_owned(one) or (alone and _is_made(one))])
        for side, resources, alone in zip((old, new), lone, (not live[1], not live[0]), strict=True)
    )
    return first, second


def as_written(value: Object, other: Object) -> Object:
    """Return an object without what the API server added to it, if it is live and the other one is not."""
    if not _has_uid(value) or _has_uid(other):
        return value
    allocated = _data()["allocated"]
    kind = f"{object_id.group_of(value) or 'core'}/{value['kind']}"
    for path in (*allocated.get(kind, ()), *allocated[EVERY]):
        value = _without_path(value, path, other)
    return value


@functools.cache
def _data() -> Any:
    return yaml_text.parse(FILE.read_bytes(), FILE.name, 0)[0]


def _has_uid(value: Object) -> bool:
    metadata = value.get("metadata")
    return isinstance(metadata, dict) and "uid" in metadata


def _is_live(resource: Resource) -> bool:
    return resource.mentions(("uid",)) and _has_uid(resource.object)


def _is_owned(resource: Resource) -> bool:
    """Return whether a controller made an object, and deletes it with its owner."""
    if not resource.mentions(("ownerReferences",)):
        return False
    owners = (resource.object.get("metadata") or {}).get("ownerReferences")
    return isinstance(owners, list) and any(isinstance(one, dict) and one.get("controller") is True for one in owners)


def _is_made(resource: Resource) -> bool:
    return any(_names(rule, resource.identity) for rule in _data()["made"]) and _is_live(resource)


def _names(rule: dict[str, str], key: ObjectId) -> bool:
    return (
        rule.get("group", "") == key.group
        and rule.get("kind", key.kind) == key.kind
        and rule.get("namespace", key.namespace) == key.namespace
        and fnmatchcase(key.name, rule.get("name", EVERY))
    )


def _without(snapshot: Snapshot, made: Sequence[Resource]) -> Snapshot:
    if not made:
        return snapshot
    keys = {resource.identity for resource in made}
    return dataclasses.replace(
        snapshot,
        resources={key: one for key, one in snapshot.resources.items() if key not in keys},
        notes=(*snapshot.notes, _note(snapshot.title, keys)),
    )


def _note(name: str, keys: Iterable[ObjectId]) -> str:
    counted = Counter(key.kind for key in keys)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(counted.items()))
    return f"{count_of(counted.total(), 'object')} of {name} left out, which its cluster makes by itself: {kinds}"


def _without_path(value: Any, path: Sequence[Step], other: Any) -> Any:
    """Return a value without what a path names, unless the other value has it, too."""
    step, rest = path[0], path[1:]
    match value:
        case dict() if isinstance(step, str):
            return _without_key(value, step, rest, other if isinstance(other, dict) else {})
        case list() if step == EVERY:
            theirs = [one for one in other if isinstance(one, dict)] if isinstance(other, list) else []
            shared = {key: None for one in theirs for key in one}
            return [_without_path(one, rest, _by_name(one, theirs) or shared) for one in value]
        case list() if isinstance(step, dict):
            known = other if isinstance(other, list) else []
            return value if any(_fits(one, step) for one in known) else [one for one in value if not _fits(one, step)]
        case _:
            return value


def _without_key(value: Object, step: str, rest: Sequence[Step], other: Object) -> Object:
    names = [key for key in value if fnmatchcase(key, step)]
    if not names:
        return value
    if rest:
        return {**value, **{key: _without_path(value[key], rest, other.get(key)) for key in names}}
    kept = {key for key in names if key in other or value[key] in CHOSEN}
    return {key: part for key, part in value.items() if key in kept or key not in names}


def _by_name(one: Any, others: list[Object]) -> Object | None:
    name = one.get("name") if isinstance(one, dict) else None
    return next((other for other in others if name is not None and other.get("name") == name), None)


def _fits(value: Any, wanted: dict[str, str]) -> bool:
    return isinstance(value, dict) and all(fnmatchcase(str(value.get(key, "")), part) for key, part in wanted.items())
