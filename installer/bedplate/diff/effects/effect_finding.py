"""The results of a diff: findings with their risk, changed images and quotas, and the report that holds them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from bedplate.kube.change import Changes, Path
from bedplate.kube.object_id import ObjectId


class Risk(IntEnum):
    """How much damage a change can do; higher is worse."""

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
    """One effect of a change.

    Attributes:
        rule: id of the rule, such as pods-restart; see rules/data/ and data/computed.yaml.
        risk: how much damage it can do.
        subject: an object's identity, a host's name, or a name such as ``tenant vision``.
        message: a sentence without the subject: "is deleted and re-created: spec.selector cannot change".
        path: the change that has this effect; empty for the whole object.
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
    """One image of which the tag or digest changed, or that is new or no longer used.

    Attributes:
        name: repository with registry.
        old: tag and digest before, as written; empty if the image is new.
        new: the same after; empty if nothing uses it any more.
        carry: bytes of the new bundle that the old release lacks; None where unknown.
        pull: bytes that a node with the old image pulls; None where unknown.
    """

    name: str
    old: str
    new: str
    carry: int | None = None
    pull: int | None = None


@dataclass(frozen=True, slots=True)
class QuotaChange:
    """A sum before and after: a tenant's quotas or the nodes' capacity, in Kubernetes' units."""

    subject: str
    resource: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Effects:
    """Everything that a diff says about its changes.

    Attributes:
        findings: sorted, the worst first.
        images: sorted by name.
        quotas: each tenant's resources that changed, and the nodes' sums of the same resources.
        drains: node to the reasons why it drains.
        reboots: node to the reasons why it reboots.
        restarts: workloads whose pods are re-created.
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
    """A whole diff, ready to be shown in any format.

    Attributes:
        old: the name of the snapshot before.
        new: the name of the snapshot after.
        changes: what differs.
        effects: what that does.
        notes: what a reader must know about how the snapshots were compared, as sentences without a period.
    """

    old: str
    new: str
    changes: Changes
    effects: Effects
    notes: tuple[str, ...] = ()
