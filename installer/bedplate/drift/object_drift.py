"""Objects compared three ways: as rendered, as applied last, as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bedplate.cluster.pulumi_resources import FIELD_MANAGER
from bedplate.diff.compare.compare_snapshots import object_changes
from bedplate.diff.compare.kube_schema import Schemas
from bedplate.drift.applied_objects import UNKNOWN
from bedplate.drift.drift_difference import Cause, ObjectDifference
from bedplate.drift.field_owners import FieldOwners
from bedplate.kube.change import Action, Change
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource
from bedplate.render.canonical import COMPONENT_LABEL

Json = dict[str, Any]
PULUMI = "pulumi.com/"
"""Annotations that are for Pulumi alone."""


def compare_objects(
    desired: Mapping[ObjectId, Resource], applied: Mapping[ObjectId, Json], live: Mapping[ObjectId, Json]
) -> list[ObjectDifference]:
    """Return all differences, by identity and path.

    Args:
        desired: what is rendered, with secrets resolved and hidden.
        applied: what the stacks' last run sent, hidden; a value of a Secret in it is unknown (see last).
        live: what the cluster has, with managedFields, hidden.
    """
    schemas = Schemas(desired.values())
    found: list[ObjectDifference] = []
    for identity in sorted({*desired, *applied, *live}):
        wanted, last, there = desired.get(identity), applied.get(identity), live.get(identity)
        if wanted is None:
            found += _undeclared(identity, last, there)
        elif there is None:
            cause = Cause.PENDING if last is None else Cause.DELETED
            found.append(ObjectDifference(identity, cause, component=wanted.component))
        else:
            found += _one(wanted, last, there, schemas)
    return found


def _undeclared(identity: ObjectId, last: Json | None, there: Json | None) -> Iterator[ObjectDifference]:
    """Yield an object that is there and is not rendered: applied before, or made by others under our label."""
    if there is None:
        return
    component = (there["metadata"].get("labels") or {}).get(COMPONENT_LABEL, "")
    if last is not None:
        yield ObjectDifference(identity, Cause.PENDING, component=component)
    elif component and not there["metadata"].get("ownerReferences"):
        owners = FieldOwners(there, FIELD_MANAGER)
        writer = owners.latest()
        if writer is None and owners.are_known:
            return  # a controller's work, such as a StatefulSet's volumes
        yield ObjectDifference(identity, Cause.FOREIGN, writer=writer, component=component)


def _one(wanted: Resource, last: Json | None, there: Json, schemas: Schemas) -> Iterator[ObjectDifference]:
    owners = FieldOwners(there, FIELD_MANAGER)
    group = wanted.object["apiVersion"]
    new, now = _bare(wanted.object, group), _bare(there, group)
    old = new if last is None else _filled(_bare(last, group), new, now, owners)
    changed = [one for one in object_changes(old, now, schemas) if _is_drift(one, owners)]
    pending = {one.path: one for one in object_changes(old, new, schemas)}
    for change in changed:
        moved = pending.pop(change.path, None)
        if moved is not None and moved.new == change.new:
            continue  # somebody has already done what the next apply would do
        writer = next(iter(owners.others(change.path)), None) or owners.latest()
        desired = moved.new if moved else change.old
        yield ObjectDifference(
            wanted.identity, Cause.CHANGED, change.path, change.old, change.new, desired, writer, wanted.component
        )
    for path, change in pending.items():
        yield ObjectDifference(
            wanted.identity, Cause.PENDING, path, change.old, change.old, change.new, None, wanted.component
        )


def _is_drift(change: Change, owners: FieldOwners) -> bool:
    """Return whether a difference between applied and live is somebody's work.

    What controllers add is theirs. What is still ours is what we applied, as the server writes it.
    """
    if change.action is Action.ADDED:
        return bool(owners.others(change.path))
    return not owners.is_ours(change.path)


def _filled(last: Json, wanted: Json, there: Json, owners: FieldOwners) -> Json:
    """Return a Secret as it was applied: what the state keeps encrypted is still there if it is still ours.

    Where it is not, what was applied is taken for what is rendered.
    """
    if last["kind"] != "Secret":
        return last
    now, new = there.get("data") or {}, wanted.get("data") or {}
    values = last.get("data")
    if not isinstance(values, dict):  # the state keeps the whole of it encrypted
        values = dict.fromkeys(new, UNKNOWN)
    known = {key: now if key in now and owners.is_ours(("data", key)) else new for key in values}
    data = {key: known[key].get(key, item) if item == UNKNOWN else item for key, item in values.items()}
    return {**{name: value for name, value in last.items() if name != "stringData"}, "data": data}


def _bare(value: Json, api_version: str) -> Json:
    """Return an object without what is for Pulumi or the server alone, in the version that is rendered."""
    metadata = {key: item for key, item in value["metadata"].items() if key != "managedFields"}
    annotations = metadata.pop("annotations", None) or {}
    kept = {key: item for key, item in annotations.items() if not key.startswith(PULUMI)}
    if kept:
        metadata["annotations"] = kept
    return {**value, "apiVersion": api_version, "metadata": metadata}
