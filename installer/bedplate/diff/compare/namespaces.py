"""Namespaces that are not written, so that an object without one is compared with the same object in its namespace.

kubectl applies an object without a namespace to the one that the person chooses: `default`, or that of `-n`.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from bedplate.core.sizes import count_of
from bedplate.kube.object_id import ObjectId, is_namespaced
from bedplate.kube.snapshot import Resource, Snapshot

DEFAULT = "default"
"""Where kubectl applies an object if nothing says another namespace."""
DEFINITION = "CustomResourceDefinition"


def settle_namespaces(old: Snapshot, new: Snapshot, chosen: str = "") -> tuple[Snapshot, Snapshot]:
    """Return both snapshots with the namespaces that their objects really have.

    Objects without a written namespace get that of the same objects in the other snapshot, if most are found there.

    Args:
        old: the snapshot before.
        new: the snapshot after.
        chosen: the namespace that objects without one are applied to; empty to find it.
    """
    old, new = _without_idle(old, new), _without_idle(new, old)
    sides = ((old, _lone(old, new)), (new, _lone(new, old)))
    namespace, whole = (chosen, True) if chosen else _best(old, new, [found for _, found in sides])
    if not namespace:
        return old, new
    settled = []
    for side, found in sides:
        matched = {key for key, places in found.items() if namespace in places}
        wanted = matched | {key for key in side.resources if whole and _is_open(key)}
        placed = _placed(side, namespace, wanted)
        settled.append(placed if chosen else _noted(placed, namespace, len(matched)))
    return settled[0], settled[1]


def _best(old: Snapshot, new: Snapshot, lone: list[dict[ObjectId, set[str]]]) -> tuple[str, bool]:
    """Return the namespace in which most objects are found, and whether it is that of all; empty if none is likely."""
    votes = Counter(place for found in lone for places in found.values() for place in places)
    if not votes:
        return "", False
    best = max(votes, key=lambda place: (votes[place], place == DEFAULT, place))
    twins = sum(1 for key in old.resources if _is_open(key) and key in new.resources)
    if votes[best] >= twins:
        return best, True
    return DEFAULT if DEFAULT in votes else "", False


def written_identity(resource: Resource) -> ObjectId:
    """Return an object's identity with the namespace that its file has, as in the snapshot that was read."""
    metadata = resource.object.get("metadata")
    written = metadata.get("namespace") if isinstance(metadata, dict) else ""
    return resource.identity._replace(namespace=str(written or ""))


def _is_open(key: ObjectId) -> bool:
    """Return whether an object of Kubernetes' own kinds lacks its namespace."""
    return not key.namespace and is_namespaced(key.group, key.kind)


def _lone(one: Snapshot, other: Snapshot) -> dict[ObjectId, set[str]]:
    """Return the objects without a namespace that the other snapshot has only in namespaces, with these."""
    found: dict[ObjectId, set[str]] = {
        key: set()
        for key in one.resources
        if not key.namespace and key not in other.resources and (_is_open(key) or _is_custom(key))
    }
    for key in other.resources if found else ():
        bare = key._replace(namespace="")
        if key.namespace and bare in found and key not in one.resources:
            found[bare].add(key.namespace)
    return {key: places for key, places in found.items() if places}


def _is_custom(key: ObjectId) -> bool:
    return "." in key.group


def _placed(snapshot: Snapshot, namespace: str, wanted: Collection[ObjectId]) -> Snapshot:
    """Return a snapshot in which the wanted objects are in a namespace, unless it has another object there."""
    moved = {}
    for key, resource in snapshot.resources.items():
        target = key._replace(namespace=namespace)
        is_moved = key in wanted and target not in snapshot.resources
        moved[target if is_moved else key] = resource.in_namespace(namespace) if is_moved else resource
    return _with(snapshot, moved)


def _noted(snapshot: Snapshot, namespace: str, count: int) -> Snapshot:
    if not count:
        return snapshot
    note = (
        f"{count_of(count, 'object')} of {snapshot.title} without a namespace compared as in namespace {namespace}; "
        "say another with --namespace"
    )
    return dataclasses.replace(snapshot, notes=(*snapshot.notes, note))


def _without_idle(one: Snapshot, other: Snapshot) -> Snapshot:
    """Return a snapshot in which no custom object has a namespace whose definition says that its kind has none."""
    suspects = {key[:2] for key in one.resources if key.namespace and _is_custom(key) and key not in other.resources}
    scoped = {kind for kind in suspects if any(_says_cluster(*kind, snapshot) for snapshot in (one, other))}
    if not scoped:
        return one
    bare = {key for key in one.resources if key[:2] in scoped}
    return _with(
        one,
        {
            key._replace(namespace="") if key in bare else key: resource.in_namespace("") if key in bare else resource
            for key, resource in one.resources.items()
        },
    )


def _says_cluster(group: str, kind: str, snapshot: Snapshot) -> bool:
    return any(
        spec.get("scope") == "Cluster" and (spec.get("names") or {}).get("kind") == kind
        for spec in _specs(group, kind, snapshot.resources.values())
    )


def _specs(group: str, kind: str, resources: Iterable[Resource]) -> Iterator[dict[str, Any]]:
    for resource in resources:
        key = resource.identity
        if key.kind == DEFINITION and key.name.partition(".")[2] == group and resource.mentions((kind,)):
            spec = resource.object.get("spec")
            yield spec if isinstance(spec, dict) else {}


def _with(snapshot: Snapshot, resources: dict[ObjectId, Resource]) -> Snapshot:
    return dataclasses.replace(snapshot, resources=dict(sorted(resources.items())))
