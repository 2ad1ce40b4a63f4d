"""Fields that others added to rendered objects: a policy's new rule is removed, a label or annotation stays.

A server-side apply leaves alone what it does not set. For a NetworkPolicy without `ingress`, an added `ingress` would
open a namespace.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from bedplate.cluster import kubectl
from bedplate.cluster.pulumi_resources import FIELD_MANAGER
from bedplate.config.environments import Site
from bedplate.kube.change import ElementKey, Path
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift.layer_drift import LayerDrift
from bedplate.object_drift.object_difference import Cause, ObjectDifference

NOTES = ("labels", "annotations")
"""Fields that others may use for their own purposes, such as a backup program."""


def is_note(difference: ObjectDifference) -> bool:
    """Return whether others only added a label or an annotation, or metadata such as a finalizer."""
    path = difference.path
    return _is_addition(difference) and (path[0] == "metadata" or any(step in NOTES for step in path))


def ensure_removed(site: Site, found: LayerDrift) -> int:
    """Remove the fields that others added, except labels and annotations.

    Args:
        site: the environment.
        found: the differences of some objects.

    Returns:
        The number of objects that were changed.
    """
    added = [one for one in found.differences if _is_addition(one) and not is_note(one)]
    changed = 0
    for identity, group in groupby(added, lambda one: one.identity):
        live = found.live[identity]
        pointers = [pointer for one in group if (pointer := _pointer(live, one.path)) is not None]
        if pointers:
            _remove(site, identity, live, pointers)
            changed += 1
    return changed


def _is_addition(difference: ObjectDifference) -> bool:
    is_new = difference.cause is Cause.CHANGED and difference.applied is None and difference.desired is None
    return is_new and bool(difference.path)


def _remove(site: Site, identity: ObjectId, live: dict[str, Any], pointers: Iterable[list[str | int]]) -> None:
    """Remove values, the last of a list first, unless the object has changed since it was read."""
    version = {"op": "test", "path": "/metadata/resourceVersion", "value": live["metadata"]["resourceVersion"]}
    ordered = sorted(pointers, key=lambda steps: [(isinstance(step, str), step) for step in steps], reverse=True)
    patch = [version, *({"op": "remove", "path": _text(steps)} for steps in ordered)]
    kind = f"{identity.kind}.{identity.group}" if identity.group else identity.kind
    where = ("--namespace", identity.namespace) if identity.namespace else ()
    words = ("--type=json", f"--field-manager={FIELD_MANAGER}", "--patch-file=/dev/stdin")
    content = json.dumps(patch).encode()
    kubectl.run(site, "patch", kind, identity.name, *where, *words, stdin=content, has_secrets=True)


def _text(steps: Iterable[str | int]) -> str:
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def _pointer(value: Any, path: Path) -> list[str | int] | None:
    """Return where a path is in a live object; None if it is inside a text, or not there any more."""
    steps: list[str | int] = []
    for step in path:
        key: str | int | None
        match step:
            case str() if isinstance(value, dict) and step in value:
                key = step
            case int() if isinstance(value, list) and step < len(value):
                key = step
            case ElementKey() if isinstance(value, list):
                key = next((index for index, item in enumerate(value) if _matches(item, step)), None)
            case _:
                key = None
        if key is None:
            return None
        steps.append(key)
        value = value[key]
    return steps


def _matches(item: Any, key: ElementKey) -> bool:
    fields = dict(key.fields)
    return (
        all(item.get(name) == value for name, value in fields.items())
        if isinstance(item, dict)
        else item in fields.values()
    )
