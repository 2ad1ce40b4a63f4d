"""Differences that drift consists of: of objects and of hosts, each with its cause."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bedplate.object_drift.object_difference import Cause, ObjectDifference


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
