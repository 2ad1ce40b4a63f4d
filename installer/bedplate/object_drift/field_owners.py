"""Owners of an object's fields, from its managedFields.

Format: https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management and
https://github.com/kubernetes-sigs/structured-merge-diff/blob/v6.3.0/fieldpath/serialize-pe.go
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from bedplate.kube import object_id
from bedplate.kube.change import ElementKey, InsideDocument, ListOrder, Path

CONTROLLERS = frozenset({"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubeadm", "kubelet"})
"""Field managers of Kubernetes: what they add to our objects is not drift.

Anyone may choose such a name, so it counts only where an added field opens nothing.
"""
AGGREGATION = "clusterrole-aggregation-controller"
"""Kubernetes' field manager that fills the rules of a ClusterRole with an aggregationRule."""
GUARDED_GROUPS = frozenset({"rbac.authorization.k8s.io", "admissionregistration.k8s.io"})
GUARDED_KINDS = frozenset(
    {("", "Namespace"), ("", "ResourceQuota"), ("", "LimitRange"), ("networking.k8s.io", "NetworkPolicy")}
)
"""Group and kind of objects that decide what is permitted: no controller adds a field to them."""

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FieldWriter:
    """A program that wrote a field.

    Attributes:
        manager: its field manager, such as kubectl-edit.
        time: when it last wrote, as the API server reports it.
        applies: whether it wrote with a server-side apply, as we do.
    """

    manager: str
    time: str
    applies: bool = field(default=True, compare=False)

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.manager}, {self.time}" if self.time else self.manager


class FieldOwners:
    """Looks up who wrote the fields of a live object."""

    def __init__(self, live: dict[str, Any], own: str) -> None:
        """Take a live object with its managedFields, and our own field manager's name."""
        self._own = own
        identity = object_id.of(live)
        self._is_guarded = identity.group in GUARDED_GROUPS or identity[:2] in GUARDED_KINDS
        self._is_custom = object_id.group_of(live) not in object_id.BUILT_IN_GROUPS
        self._entries = [
            (_writer(entry), entry.get("fieldsV1") or {})
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
        owners = self._owners(path)
        others = [writer for writer in owners if self._is_other(writer) and not self._fills(writer, path)]
        return sorted(others, key=lambda writer: (writer.time, writer.manager), reverse=True)

    def latest(self) -> FieldWriter | None:
        """Return who else, controllers excepted, wrote to the object last: a deleted field has no owner."""
        others = (writer for writer, _ in self._entries if self._is_other(writer))
        return max(others, key=lambda writer: writer.time, default=None)

    def has_added(self, path: Path) -> bool:
        """Return whether others, controllers excepted, added the value at a path that we did not apply.

        On an object that guards others, a value without any owner counts, too, if the list of owners was removed.
        """
        return bool(self.others(path)) or (self._is_guarded and not self.are_known)

    def _is_other(self, writer: FieldWriter) -> bool:
        if self._is_guarded:
            return writer.manager != self._own or not writer.applies
        return writer.manager != self._own and writer.manager not in CONTROLLERS

    def _fills(self, writer: FieldWriter, path: Path) -> bool:
        """Return whether a writer only fills in what our aggregationRule asks for."""
        return writer.manager == AGGREGATION and path[:1] == ("rules",) and self.is_ours(("aggregationRule",))

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


def _writer(entry: dict[str, Any]) -> FieldWriter:
    applies = entry.get("operation", "Apply") == "Apply"
    return FieldWriter(str(entry.get("manager", "")), str(entry.get("time", "")), applies)


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
