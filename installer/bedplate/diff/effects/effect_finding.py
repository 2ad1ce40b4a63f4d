"""Findings: what a change will do, with a risk and the source that says so."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from bedplate.kube.change import Changes, Path
from bedplate.kube.object_id import ObjectId


class Risk(IntEnum):
    """How much a change can hurt; higher is worse."""

    NONE = 0
    RESTART = 1
    DISRUPTION = 2
    DATA = 3
    SECURITY = 4

    def __str__(self) -> str:
        """Return the name people use."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class DiffFinding:
    """One consequence of a change.

    Attributes:
        rule: id of the rule, such as immutable-field; see rules/.
        risk: how much it can hurt.
        subject: an object's identity, a host's name, or a name such as ``tenant vision``.
        message: a sentence without the subject: "is deleted and created anew: spec.selector cannot change".
        path: the change it follows from; empty if from the whole object.
        component: whose object; empty where unknown.
        source: page or file that says so.
    """

    rule: str
    risk: Risk
    subject: ObjectId | str
    message: str
    path: Path = ()
    component: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ImageChange:
    """One image that an object names otherwise than before; repository equal, tag or digest not.

    Attributes:
        name: repository with registry.
        old: tag and digest before, as written; empty if the image is new.
        new: after; empty if nothing names it any more.
        carry: bytes that the bundle needs beyond the old release's; None where unknown.
        pull: bytes that a node which has the old image pulls; None where unknown.
    """

    name: str
    old: str
    new: str
    carry: int | None = None
    pull: int | None = None


@dataclass(frozen=True, slots=True)
class QuotaChange:
    """A sum before and after: a tenant's quota or the nodes' capacity; units as Kubernetes writes them."""

    subject: str
    resource: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything a diff says about its changes.

    Attributes:
        findings: sorted, the worst first.
        images: sorted by name.
        quotas: per tenant and resource that changed, beside the nodes' sums.
        drains: node to the reasons for which it drains; reboots likewise.
        restarts: workloads whose pods are made anew.
        facts: more for programs; JSON types only.
    """

    findings: tuple[DiffFinding, ...] = ()
    images: tuple[ImageChange, ...] = ()
    quotas: tuple[QuotaChange, ...] = ()
    drains: dict[str, tuple[str, ...]] = field(default_factory=dict)
    reboots: dict[str, tuple[str, ...]] = field(default_factory=dict)
    restarts: tuple[ObjectId, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def worst(self) -> Risk:
        """Return the highest risk among the findings."""
        return max((finding.risk for finding in self.findings), default=Risk.NONE)


@dataclass(frozen=True, slots=True)
class DiffReport:
    """A whole diff, ready to be shown in any format."""

    old: str
    new: str
    changes: Changes
    effects: Effects
