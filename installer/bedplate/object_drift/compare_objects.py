"""Drift of objects: compare those that are rendered, applied last and live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bedplate.cluster.pulumi_resources import FIELD_MANAGER
from bedplate.diff.compare.compare_snapshots import object_changes
from bedplate.diff.compare.kube_schema import Schemas
from bedplate.kube.change import Action, Change
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource
from bedplate.object_drift.applied_objects import UNKNOWN
from bedplate.object_drift.field_owners import FieldOwners
from bedplate.object_drift.object_difference import Cause, ObjectDifference
from bedplate.render.canonical import COMPONENT_LABEL

Json = dict[str, Any]
PULUMI = "pulumi.com/"
"""Prefix of annotations that only Pulumi reads."""


def compare_objects(
    desired: Mapping[ObjectId, Resource], applied: Mapping[ObjectId, Json], live: Mapping[ObjectId, Json]
) -> list[ObjectDifference]:
    """Return all differences, sorted by identity.

    Args:
        desired: the rendered objects, with secrets resolved, then hidden.
        applied: what the stacks' last runs sent; values of Secrets are UNKNOWN (see applied_objects).
        live: the cluster's objects with managedFields, with secrets hidden.
    """
    schemas = Schemas(desired.values())
    differences: list[ObjectDifference] = []
    for identity in sorted({*desired, *applied, *live}):
        wanted, last, current = desired.get(identity), applied.get(identity), live.get(identity)
        if wanted is None:
            differences += _undeclared(identity, last, current)
        elif current is None:
            cause = Cause.PENDING if last is None else Cause.DELETED
            differences.append(ObjectDifference(identity, cause, component=wanted.component))
        else:
            differences += _compare_values(wanted, last, current, schemas)
    return differences


def _undeclared(identity: ObjectId, last: Json | None, current: Json | None) -> Iterator[ObjectDifference]:
    """Yield a live object that is not rendered: applied before, or created by others with our label."""
    if current is None:
        return
    component = (current["metadata"].get("labels") or {}).get(COMPONENT_LABEL, "")
    if last is not None:
        yield ObjectDifference(identity, Cause.PENDING, component=component)
    elif component and not current["metadata"].get("ownerReferences"):
        owners = FieldOwners(current, FIELD_MANAGER)
        writer = owners.latest()
        if writer is None and owners.are_known:
            return  # created by a controller, such as a StatefulSet's volumes
        yield ObjectDifference(identity, Cause.FOREIGN, writer=writer, component=component)


def _compare_values(wanted: Resource, last: Json | None, current: Json, schemas: Schemas) -> Iterator[ObjectDifference]:
    owners = FieldOwners(current, FIELD_MANAGER)
    version = wanted.object["apiVersion"]
    new, now = _bare(wanted.object, version), _bare(current, version)
    old = new if last is None else _with_secret_values(_bare(last, version), new, now, owners)
    changed = [change for change in object_changes(old, now, schemas) if _is_drift(change, owners)]
    pending = {change.path: change for change in object_changes(old, new, schemas)}
    for change in changed:
        intended = pending.pop(change.path, None)
        if intended is not None and intended.new == change.new:
            continue  # others already made the change that the next apply would make
        writer = next(iter(owners.others(change.path)), None) or owners.latest()
        desired = intended.new if intended else change.old
        yield ObjectDifference(
            wanted.identity, Cause.CHANGED, change.path, change.old, change.new, desired, writer, wanted.component
        )
    for path, change in pending.items():
        yield ObjectDifference(
            wanted.identity, Cause.PENDING, path, change.old, change.old, change.new, None, wanted.component
        )


def _is_drift(change: Change, owners: FieldOwners) -> bool:
    """Return whether others made a difference between applied and live.

    Fields that controllers add are not drift. A field that we still own is as we applied it, in the server's form.
    """
    if change.action is Action.ADDED:
        return owners.has_added(change.path)
    return not owners.is_ours(change.path)


def _with_secret_values(last: Json, wanted: Json, current: Json, owners: FieldOwners) -> Json:
    """Return a Secret as it was applied, though the state encrypts its values.

    A value that we still own is the live one. Otherwise, assume that the rendered value was applied.
    """
    if last["kind"] != "Secret":
        return last
    now, new = current.get("data") or {}, wanted.get("data") or {}
    values = last.get("data")
    if not isinstance(values, dict):  # the state keeps the whole of it encrypted
        values = dict.fromkeys(new, UNKNOWN)
    known = {key: now if key in now and owners.is_ours(("data", key)) else new for key in values}
    data = {key: known[key].get(key, item) if item == UNKNOWN else item for key, item in values.items()}
    return {**{name: value for name, value in last.items() if name != "stringData"}, "data": data}


def _bare(value: Json, api_version: str) -> Json:
    """Return an object in the rendered API version, without what only Pulumi or the server uses."""
    metadata = {key: item for key, item in value["metadata"].items() if key != "managedFields"}
    annotations = metadata.pop("annotations", None) or {}
    kept = {key: item for key, item in annotations.items() if not key.startswith(PULUMI)}
    if kept:
        metadata["annotations"] = kept
    return {**value, "apiVersion": api_version, "metadata": metadata}
