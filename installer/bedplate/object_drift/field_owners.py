"""Owners of an object's fields, from its managedFields.

Format: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management and
https://github.com/kubernetes-sigs/structured-merge-diff/blob/v6.3.0/fieldpath/serialize-pe.go
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from bedplate.kube import object_id
from bedplate.kube.change import ElementKey, InsideDocument, ListOrder, Path

CONTROLLERS = re.compile(r"kube-.*|kubelet|kubeadm|.*controller.*|.*provisioner.*|.*operator.*|cluster-autoscaler")
"""Field managers of the cluster itself: what they add to our objects is not drift."""

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldWriter:
    """A program that wrote a field.

    Attributes:
        manager: its field manager, such as kubectl-edit.
        time: when it last wrote, as the API server reports it.
    """

    manager: str
    time: str

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.manager}, {self.time}" if self.time else self.manager


class FieldOwners:
    """Looks up who wrote the fields of a live object."""

    def __init__(self, live: dict[str, Any], own: str) -> None:
        """Take a live object with its managedFields, and our own field manager's name."""
        self._own = own
        self._is_custom = object_id.group_of(live) not in object_id.BUILT_IN_GROUPS
        self._entries = [
            (FieldWriter(str(entry.get("manager", "")), str(entry.get("time", ""))), entry.get("fieldsV1") or {})
            for entry in live["metadata"].get("managedFields") or []
            if entry.get("subresource") != "status"
        ]

    @property
    def are_known(self) -> bool:
        """Return whether the API server recorded any owner; it records none for an object made empty."""
        return bool(self._entries)

    def is_ours(self, path: Path) -> bool:
        """Return whether we still own the value at a path."""
        return any(writer.manager == self._own for writer in self._owners(path))

    def others(self, path: Path) -> list[FieldWriter]:
        """Return who else, controllers excepted, wrote at or below a path; the latest first."""
        others = [writer for writer in self._owners(path) if self._is_other(writer)]
        return sorted(others, key=lambda writer: (writer.time, writer.manager), reverse=True)

    def latest(self) -> FieldWriter | None:
        """Return who else, controllers excepted, wrote to the object last: a deleted field has no owner."""
        others = (writer for writer, _ in self._entries if self._is_other(writer))
        return max(others, key=lambda writer: writer.time, default=None)

    def _is_other(self, writer: FieldWriter) -> bool:
        return writer.manager != self._own and CONTROLLERS.fullmatch(writer.manager) is None

    def _owners(self, path: Path) -> list[FieldWriter]:
        return [writer for writer, fields in self._entries if self._has(fields, path)]

    def _has(self, fields: Fields, path: Path) -> bool:
        """Return whether a set of fields has a path; a leaf of the set includes all below it.

        In custom resources, the leaf of a mapping without a schema says only that the mapping exists.
        """
        for step, below in pairwise((*path, None)):
            if isinstance(step, InsideDocument | ListOrder):
                return True
            child = _child(fields, step)
            if child is None:
                return False
            if not child:
                return not (self._is_custom and isinstance(below, str))
            fields = child
        return True


def _child(fields: Fields, step: Any) -> Fields | None:
    match step:
        case str():
            return fields.get(f"f:{step}")
        case int():
            return fields.get(f"i:{step}", None if any(key[:2] in {"k:", "v:"} for key in fields) else {})
        case ElementKey():
            return next((value for key, value in fields.items() if _matches(key, step)), None)
        case _:
            return None


def _matches(key: str, step: ElementKey) -> bool:
    form, _, text = key.partition(":")
    if form not in {"k", "v"}:
        return False
    value = json.loads(text)
    wanted = dict(step.fields)
    if isinstance(value, dict):
        return all(value.get(name) == item for name, item in wanted.items() if name)
    return value in wanted.values()
