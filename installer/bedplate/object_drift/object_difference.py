"""Differences of one object from what is rendered, each with its cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bedplate.kube.change import Path, path_text
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift.field_owners import FieldWriter


class Cause(StrEnum):
    """Why something differs from what is rendered."""

    CHANGED = "changed"
    """Something else changed it since the last apply: this is drift."""
    DELETED = "deleted"
    """The whole object was deleted since the last apply: this is drift."""
    FOREIGN = "foreign"
    """It has a component's label, but neither the release nor the last apply has it: this is drift."""
    PENDING = "pending"
    """The environment or the release changed since the last apply: the next apply changes it."""


@dataclass(frozen=True, slots=True)
class ObjectDifference:
    """One value of an object that differs, or a whole object.

    Attributes:
        identity: the object.
        cause: why it differs.
        path: where in the object; empty for the whole object.
        applied: the value of the last apply; None if there was none. Never a secret's value.
        live: the value in the cluster; None if there is none. Never a secret's value.
        desired: the rendered value; None if there is none. Never a secret's value.
        writer: who changed it; None if the cluster does not know.
        component: the component that declares the object.
    """

    identity: ObjectId
    cause: Cause
    path: Path = ()
    applied: Any = None
    live: Any = None
    desired: Any = None
    writer: FieldWriter | None = None
    component: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "object": str(self.identity),
            "component": self.component,
            "cause": str(self.cause),
            "path": path_text(self.path),
            "applied": self.applied,
            "live": self.live,
            "desired": self.desired,
            "by": self.writer.manager if self.writer else "",
            "time": self.writer.time if self.writer else "",
        }
