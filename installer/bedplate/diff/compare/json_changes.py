"""Reading changes from the JSON form of a diff, so that programs can apply them."""

from __future__ import annotations

from typing import Any

from bedplate.core import digest
from bedplate.kube.change import Action, Change, Changes, ElementKey, InsideDocument, ListOrder, ObjectChange, PathStep
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource, Snapshot


def read_changes(document: dict[str, Any], old: Snapshot) -> Changes:
    """Return the changes of objects in a document.

    Args:
        document: the output of output/json_document.py.
        old: the snapshot before the changes.
    """
    items = [item for group in document["groups"] for item in group["items"] if "object" in item]
    return Changes(tuple(_object(item, old) for item in items))


def _object(item: dict[str, Any], old: Snapshot) -> ObjectChange:
    action = Action(item["action"])
    identity = ObjectId(**item["object"])
    before = None if action is Action.ADDED else old.resources[ObjectId(**item.get("was", item["object"]))]
    if action is Action.REMOVED:
        return ObjectChange(action, before, None)
    found = tuple(_change(change) for change in item["changes"])
    value = item.get("whole") or _skeleton(identity, before, found)
    return ObjectChange(action, before, Resource(identity, digest.of(value), value), found)


def _skeleton(identity: ObjectId, before: Resource | None, found: tuple[Change, ...]) -> dict[str, Any]:
    """Return the part of an object that gives its schema and its name."""
    version = next((change.new for change in found if change.path == ("apiVersion",)), None)
    version = version or (before.object["apiVersion"] if before else "")
    metadata = {"name": identity.name, **({"namespace": identity.namespace} if identity.namespace else {})}
    return {"apiVersion": version, "kind": identity.kind, "metadata": metadata}


def _change(value: dict[str, Any]) -> Change:
    return Change(
        tuple(step(one) for one in value["path"]),
        Action(value["action"]),
        value.get("old"),
        value.get("new"),
        value.get("note", ""),
        value.get("at"),
        value.get("text"),
    )


def step(value: Any) -> PathStep:
    """Return a step of a path; the reverse of output.json_document.step."""
    match value:
        case {"by": fields}:
            return ElementKey(tuple((name, tuple(part) if isinstance(part, list) else part) for name, part in fields))
        case {"inside": form}:
            return InsideDocument(form)
        case {"order": _}:
            return ListOrder()
        case str() | int():
            return value
        case _:
            raise ValueError(f"{value!r} is not a step of a path")
