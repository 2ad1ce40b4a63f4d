"""What drift is made of: differences of objects and hosts, each with its cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bedplate.drift.field_owners import FieldWriter
from bedplate.kube.change import Path, path_text
from bedplate.kube.object_id import ObjectId


class Cause(StrEnum):
    """Why what is there is not what is rendered."""

    CHANGED = "changed"
    """Somebody else changed it since the last apply: this is drift."""
    DELETED = "deleted"
    """Somebody deleted the whole object since the last apply: this is drift."""
    FOREIGN = "foreign"
    """It carries our label, and neither the release nor the last apply knows it: this is drift."""
    PENDING = "pending"
    """The environment or the release changed since the last apply: the next one brings it."""


@dataclass(frozen=True, slots=True)
class ObjectDifference:
    """One value of an object, or a whole object.

    Attributes:
        identity: the object.
        cause: why it differs.
        path: where in the object; empty for the whole object.
        applied: the value of the last apply; None where there was none. Never a secret's.
        live: the value in the cluster; None where there is none. Never a secret's.
        desired: the value that is rendered; None where there is none. Never a secret's.
        writer: who changed it; None where the cluster does not say.
        component: who declares the object.
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
        """Return it for programs."""
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
        cause: changed where the last apply told the host the same as the next one would; else pending, and what of it
            is somebody's work cannot be told.
        task: role and task.
        text: what would change, as lines of a diff; empty where the task does not tell, or may not.
    """

    host: str
    cause: Cause
    task: str
    text: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"host": self.host, "cause": str(self.cause), "task": self.task, "diff": self.text}


@dataclass(frozen=True, slots=True)
class Drift:
    """All that differs between what an environment should be and what it is.

    Attributes:
        environment: its name.
        release: what is rendered.
        applied: the release that was applied last; empty before the first.
        objects: differences of objects, by identity.
        hosts: differences of hosts, by host.
        unknown: what could not be asked, with the reason.
        looked: how many objects were compared.
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
        """Return whether somebody else changed anything."""
        return bool(self.drifted) or any(one.cause is not Cause.PENDING for one in self.hosts)

    @property
    def drifted(self) -> tuple[ObjectDifference, ...]:
        """Return what somebody else did to objects."""
        return tuple(one for one in self.objects if one.cause is not Cause.PENDING)

    @property
    def pending(self) -> tuple[ObjectDifference, ...]:
        """Return what the next apply brings."""
        return tuple(one for one in self.objects if one.cause is Cause.PENDING)

    def as_json(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "environment": self.environment,
            "release": self.release,
            "applied": self.applied,
            "objects": [one.as_json() for one in self.objects],
            "hosts": [one.as_json() for one in self.hosts],
            "unknown": list(self.unknown),
            "looked": self.looked,
        }
