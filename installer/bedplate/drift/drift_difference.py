"""Differences that drift consists of: of objects and of hosts, each with its cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bedplate.drift.field_owners import FieldWriter
from bedplate.kube.change import Path, path_text
from bedplate.kube.object_id import ObjectId


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


@dataclass(frozen=True, slots=True)
class HostDifference:
    """One task of a role that would change a host.

    Attributes:
        host: name.
        cause: changed if the last apply had the same inputs as the next one; otherwise pending, where changes by others
            cannot be distinguished.
        task: role and task.
        text: what would change, as lines of a diff; empty if the task does not say, or hides it.
    """

    host: str
    cause: Cause
    task: str
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"host": self.host, "cause": str(self.cause), "task": self.task, "diff": self.text}


@dataclass(frozen=True, slots=True)
class Drift:
    """All differences between the desired and the live state of an environment.

    Attributes:
        environment: its name.
        release: the release that is rendered.
        applied: the release that was applied last; empty before the first.
        objects: differences of objects, by identity.
        hosts: differences of hosts, by host.
        unknown: what could not be queried, with the reason.
        looked: number of objects that were compared.
    """

    environment: str
    release: str
    applied: str = ""
    objects: tuple[ObjectDifference, ...] = ()
    hosts: tuple[HostDifference, ...] = ()
    unknown: tuple[str, ...] = field(default=())
    looked: int = 0

    @property
    def is_drifted(self) -> bool:
        """Return whether anything was changed by others."""
        return bool(self.drifted) or any(host.cause is not Cause.PENDING for host in self.hosts)

    @property
    def drifted(self) -> tuple[ObjectDifference, ...]:
        """Return the objects' changes by others."""
        return tuple(difference for difference in self.objects if difference.cause is not Cause.PENDING)

    @property
    def pending(self) -> tuple[ObjectDifference, ...]:
        """Return the objects' changes that the next apply makes."""
        return tuple(difference for difference in self.objects if difference.cause is Cause.PENDING)

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "environment": self.environment,
            "release": self.release,
            "applied": self.applied,
            "objects": [difference.as_json() for difference in self.objects],
            "hosts": [difference.as_json() for difference in self.hosts],
            "unknown": list(self.unknown),
            "looked": self.looked,
        }
