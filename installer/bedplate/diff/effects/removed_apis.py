"""API versions that the new snapshot's Kubernetes no longer serves."""

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

FILE = Path(__file__).parent / "data" / "removed-apis.yaml"
UNKNOWN = Version("1.32")
"""Assumed where no version is known: older than any supported one when this was written."""


@dataclass(frozen=True, slots=True)
class RemovedApi:
    """One API version that Kubernetes no longer serves.

    Attributes:
        version: apiVersion.
        kinds: those it had.
        removed: first Kubernetes without it.
        replacement: apiVersion to write now; empty if there is none.
        source: page.
    """

    version: str
    kinds: list[str]
    removed: str
    replacement: str
    source: str = "https://kubernetes.io/docs/reference/using-api/deprecation-guide/"


@cache
def removed_apis() -> tuple[RemovedApi, ...]:
    """Return the removed API versions."""
    return tuple(RemovedApi(**row) for row in yaml_text.parse(FILE.read_bytes(), FILE.name, 0)[0])


@cache
def _by_version_and_kind() -> dict[tuple[str, str], RemovedApi]:
    return {(api.version, kind): api for api in removed_apis() for kind in api.kinds}


def findings(old: Snapshot, new: Snapshot, changes: Changes) -> Iterator[DiffFinding]:
    """Yield the new objects that their Kubernetes refuses, unless the old Kubernetes already refused them."""
    target, before = _version(new), _version(old)
    touched = {change.identity for change in changes.objects}
    candidates = new.resources if target != before else [key for key in sorted(touched) if key in new.resources]
    for key in sorted(candidates):
        resource = new.resources[key]
        api = _removed_api(resource)
        if api and Version(api.removed) <= target and not _was_refused(old, key, resource, before):
            message = f"is refused: {api.version} is not served since Kubernetes {api.removed}"
            yield DiffFinding(
                "api-version-not-served",
                Risk.DISRUPTION,
                key,
                f"{message}; use {api.replacement}" if api.replacement else message,
                ("apiVersion",),
                resource.component,
                api.source,
            )


@cache
def _kinds() -> frozenset[str]:
    return frozenset(kind for _, kind in _by_version_and_kind())


def _removed_api(resource: Resource) -> RemovedApi | None:
    if resource.identity.kind not in _kinds():
        return None
    return _by_version_and_kind().get((str(resource.object.get("apiVersion")), resource.identity.kind))


def _version(snapshot: Snapshot) -> Version:
    return Version(snapshot.kubernetes) if snapshot.kubernetes else UNKNOWN


def _was_refused(old: Snapshot, key: ObjectId, resource: Resource, before: Version) -> bool:
    """Return whether the old snapshot has the object in the same version, which was refused then, too."""
    earlier = old.resources.get(key)
    if earlier is None or earlier.object.get("apiVersion") != resource.object.get("apiVersion"):
        return False
    api = _removed_api(earlier)
    return api is not None and Version(api.removed) <= before
