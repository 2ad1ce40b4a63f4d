"""API versions that the target Kubernetes no longer serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from packaging.version import Version

from bedplate.diff.effects.effect_finding import DiffFinding, Risk
from bedplate.kube import yaml_text
from bedplate.kube.change import Changes
from bedplate.kube.object_id import ObjectId
from bedplate.kube.snapshot import Resource, Snapshot

FILE = Path(__file__).parent / "removed-apis.yaml"
UNKNOWN = Version("1.32")
"""Where no version is known: older than what is supported anywhere when this was written."""


@dataclass(frozen=True, slots=True)
class RemovedApi:
    """One API version that Kubernetes serves no more.

    Attributes:
        version: apiVersion.
        kinds: those it had.
        removed: first Kubernetes without it.
        instead: apiVersion to write now; empty if there is none.
        source: page.
    """

    version: str
    kinds: list[str]
    removed: str
    instead: str
    source: str = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"


@cache
def removed_apis() -> tuple[RemovedApi, ...]:
    """Return the removed versions."""
    return tuple(RemovedApi(**row) for row in yaml_text.parse(FILE.read_bytes(), FILE.name, 0)[0])


@cache
def _table() -> dict[tuple[str, str], RemovedApi]:
    return {(row.version, kind): row for row in removed_apis() for kind in row.kinds}


def findings(old: Snapshot, new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield objects of the new side that its Kubernetes refuses, unless the old side's did so already."""
    target, before = _version(new), _version(old)
    touched = {change.identity for change in changes.objects}
    candidates = new.resources if target != before else [key for key in sorted(touched) if key in new.resources]
    for key in sorted(candidates):
        resource = new.resources[key]
        row = _row(resource)
        if row and Version(row.removed) <= target and not _refused(old, key, resource, before):
            yield DiffFinding(
                "api-version-not-served",
                Risk.DISRUPTION,
                key,
                f"is refused: Kubernetes serves no {row.version} since {row.removed}"
                + (f", write {row.instead}" if row.instead else ""),
                ("apiVersion",),
                resource.component,
                row.source,
            )


@cache
def _kinds() -> frozenset[str]:
    return frozenset(kind for _, kind in _table())


def _row(resource: Resource) -> RemovedApi | None:
    if resource.identity.kind not in _kinds():
        return None
    return _table().get((str(resource.object.get("apiVersion")), resource.identity.kind))


def _version(snapshot: Snapshot) -> Version:
    return Version(snapshot.kubernetes) if snapshot.kubernetes else UNKNOWN


def _refused(old: Snapshot, key: ObjectId, resource: Resource, before: Version) -> bool:
    """Return whether the object stood there before in the same version, and was refused then too."""
    earlier = old.resources.get(key)
    if earlier is None or earlier.object.get("apiVersion") != resource.object.get("apiVersion"):
        return False
    row = _row(earlier)
    return row is not None and Version(row.removed) <= before
