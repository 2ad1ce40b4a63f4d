"""Readiness of workloads: all pods run as the newest revision says, and the status is of the newest generation."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.cluster.workload_readiness import is_leaving, is_ready

Json = dict[str, Any]
DEPLOYED = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3}
STATEFUL = {"observedGeneration": 2, "replicas": 3, "readyReplicas": 3, "currentRevision": "b", "updateRevision": "b"}
DAEMONS = {
    "observedGeneration": 2,
    "desiredNumberScheduled": 3,
    "updatedNumberScheduled": 3,
    "numberReady": 3,
    "numberAvailable": 3,
}


def _live(kind: str, status: Json, **spec: Any) -> Json:
    return {"kind": kind, "metadata": {"generation": 2}, "spec": {"replicas": 3, **spec}, "status": status}


@pytest.mark.parametrize(
    ("kind", "status", "expected"),
    [
        ("Deployment", DEPLOYED, True),
        ("Deployment", {}, False),
        ("Deployment", {**DEPLOYED, "observedGeneration": 1}, False),
        ("Deployment", {**DEPLOYED, "updatedReplicas": 2}, False),
        ("Deployment", {**DEPLOYED, "readyReplicas": 2}, False),
        ("Deployment", {**DEPLOYED, "availableReplicas": 2}, False),
        ("Deployment", {**DEPLOYED, "replicas": 4}, False),
        ("StatefulSet", STATEFUL, True),
        ("StatefulSet", {**STATEFUL, "observedGeneration": 1}, False),
        ("StatefulSet", {**STATEFUL, "readyReplicas": 2}, False),
        ("StatefulSet", {**STATEFUL, "updateRevision": "c"}, False),
        ("DaemonSet", DAEMONS, True),
        ("DaemonSet", {}, False),
        ("DaemonSet", {**DAEMONS, "observedGeneration": 1}, False),
        ("DaemonSet", {**DAEMONS, "updatedNumberScheduled": 2}, False),
        ("DaemonSet", {**DAEMONS, "numberReady": 2}, False),
        ("DaemonSet", {**DAEMONS, "numberAvailable": 2}, False),
        ("Job", {"conditions": [{"type": "Complete", "status": "True"}]}, True),
        ("Job", {"conditions": [{"type": "Failed", "status": "True"}]}, False),
        ("Job", {}, False),
        ("CronJob", {}, True),
        ("ConfigMap", {}, True),
    ],
)
def test_readiness(kind: str, status: Json, expected: bool) -> None:  # noqa: FBT001  a column of the table
    """A status of an older generation, an old pod, a missing pod and a pod that is not ready each count."""
    assert is_ready(_live(kind, status)) is expected


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("StatefulSet", {**STATEFUL, "updateRevision": "c"}),
        ("DaemonSet", {**DAEMONS, "updatedNumberScheduled": 0}),
    ],
)
def test_pods_of_older_revisions_that_nothing_replaces(kind: str, status: Json) -> None:
    """With the strategy OnDelete, old pods stay until someone deletes them: the workload is ready."""
    assert is_ready(_live(kind, status, updateStrategy={"type": "OnDelete"}))
    assert not is_ready(_live(kind, status))


def test_pods_that_are_not_ready_count_whatever_replaces_them() -> None:
    """With the strategy OnDelete, a DaemonSet's pods must be ready all the same."""
    for missing in ("numberReady", "numberAvailable"):
        live = _live("DaemonSet", {**DAEMONS, missing: 2}, updateStrategy={"type": "OnDelete"})
        assert not is_ready(live), missing


@pytest.mark.parametrize(("ready", "expected"), [(1, True), (0, False), (2, False)])
def test_a_workload_that_names_no_replicas_has_one(ready: int, *, expected: bool) -> None:
    """Kubernetes runs one pod by default; a generation that no one reported is as good as observed."""
    status = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), ready)
    assert is_ready({"kind": "Deployment", "metadata": {}, "spec": {}, "status": status}) is expected


def test_an_object_that_is_being_deleted_is_leaving() -> None:
    """It has a deletion timestamp until its finalizers are done."""
    assert is_leaving({"metadata": {"deletionTimestamp": "2026-11-28T00:00:00Z"}})
    assert not is_leaving({"metadata": {}})
