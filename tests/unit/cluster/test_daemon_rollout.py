"""Rollout of a DaemonSet, from its pods and revisions: which nodes are waited for, and which pod has to be replaced."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.cluster.away_nodes import STARTING_SECONDS, away_nodes, node_list
from bedplate.cluster.daemon_rollout import read_rollout

Json = dict[str, Any]
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
PULLING = {"containerStatuses": [{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]}
BOUND = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchFields": [
    {"key": "metadata.name", "operator": "In", "values": ["c"]}]}]}}}  # fmt: skip


def _owned(kind: str, name: str, of: str, **more: Any) -> Json:
    owner = {"uid": "1", "controller": True}
    metadata = {"name": name, "labels": {"controller-revision-hash": of}, "ownerReferences": [owner]}
    return {"kind": kind, "metadata": metadata, **more}


def _pod(node: str, revision: str = "new", *, leaving: bool = False, status: Json = READY) -> Json:
    pod = _owned("Pod", f"{node}-{revision}", revision, spec={"nodeName": node}, status=status)
    if leaving:
        pod["metadata"]["deletionTimestamp"] = "2026-11-28T00:00:00Z"
    return pod


def _daemons(desired: int = 3, **strategy: Any) -> Json:
    spec = {"updateStrategy": strategy}
    return {"metadata": {"uid": "1"}, "spec": spec, "status": {"desiredNumberScheduled": desired}}


REVISIONS = [
    _owned("ControllerRevision", "two", "new", revision=2),
    _owned("ControllerRevision", "one", "old", revision=1),
]
A, B, C = (_pod(name) for name in "abc")
ROLLOUTS: list[tuple[str, list[Json], dict[str, str], int]] = [
    ("all are ready", [A, B, C], {}, 0),
    ("one is old", [A, B, _pod("c", "old")], {"c": "its pod is not replaced yet"}, 0),
    ("one is not ready", [A, B, _pod("c", status={})], {"c": "its pod is not ready"}, 0),
    ("one has no image", [A, B, _pod("c", status=PULLING)], {"c": "ImagePullBackOff"}, 0),
    ("one leaves", [A, B, _pod("c", leaving=True)], {"c": "its pod is being deleted"}, 0),
    ("one leaves and has a successor", [A, B, C, _pod("c", "old", leaving=True)], {}, 0),
    ("one is missing", [A, B], {}, 1),
    ("one is not bound yet", [A, B, {**_pod("c", status={}), "spec": {"affinity": BOUND}}],
     {"c": "its pod is not ready"}, 0),
]  # fmt: skip


@pytest.mark.parametrize(("what", "pods", "waiting", "missing"), ROLLOUTS)
def test_what_a_rollout_waits_for(what: str, pods: list[Json], waiting: dict[str, str], missing: int) -> None:
    """Each node needs a pod of the newest revision that is ready; whoever else owns pods there does not count."""
    other = {**_pod("d", "old"), "metadata": {"name": "other"}}
    found = read_rollout(_daemons(), [other, *pods, *REVISIONS], ())
    assert (found.waiting, found.missing, found.passed_by) == (waiting, missing, ()), what
    assert found.is_done is (not waiting and not missing)
    assert found.replaceable == ""


@pytest.mark.parametrize("lost", [_pod("c", "old", leaving=True), _pod("c", "old"), _pod("c", status={})])
def test_nodes_that_are_away_are_not_waited_for(lost: Json) -> None:
    """Whatever is wrong with a pod on such a node, the rollout is done when all others are ready."""
    found = read_rollout(_daemons(), [A, B, lost, *REVISIONS], {"c", "elsewhere"})
    assert (found.is_done, found.passed_by) == (True, ("c",))


DEAD = _pod("c", "old", leaving=True)
REPLACED: list[tuple[str, list[Json], Json, str]] = [
    ("one after the other", [_pod("a", "old"), _pod("b", "old"), DEAD], _daemons(), "a-old"),
    ("the last one", [A, _pod("b", "old"), DEAD], _daemons(), "b-old"),
    ("not while another is down", [_pod("a", status={}), _pod("b", "old"), DEAD], _daemons(), ""),
    ("not while another leaves", [_pod("a", "old", leaving=True), _pod("b", "old"), DEAD], _daemons(), ""),
    ("not while another is missing", [_pod("b", "old"), DEAD], _daemons(), ""),
    ("not while Kubernetes may", [_pod("a", "old"), B, DEAD], _daemons(rollingUpdate={"maxUnavailable": 2}), ""),
    ("nor by a percentage", [_pod("a", "old"), B, DEAD], _daemons(rollingUpdate={"maxUnavailable": "34%"}), ""),
    (
        "a low percentage is one",
        [_pod("a", "old"), B, DEAD],
        _daemons(rollingUpdate={"maxUnavailable": "33%"}),
        "a-old",
    ),
    ("not where someone else does", [_pod("a", "old"), B, DEAD], _daemons(type="OnDelete"), ""),
]


@pytest.mark.parametrize(("what", "pods", "live", "replaceable"), REPLACED)
def test_pods_that_a_dead_node_holds_up_are_replaced(what: str, pods: list[Json], live: Json, replaceable: str) -> None:
    """One at a time, and only where the dead node uses up what may be unavailable."""
    assert read_rollout(live, [*pods, *REVISIONS], {"c"}).replaceable == replaceable, what


def test_a_node_away_that_is_up_to_date_holds_nothing_up() -> None:
    """A node in maintenance that still runs takes part in the rollout: Kubernetes replaces the others itself."""
    assert read_rollout(_daemons(), [_pod("a", "old"), B, C, *REVISIONS], {"c"}).replaceable == ""


@pytest.mark.parametrize(
    ("status", "waited", "expected"),
    [("True", 999, {}), ("Unknown", 0, {"n": "not ready"}), ("False", STARTING_SECONDS, {}),
     ("False", STARTING_SECONDS + 1, {"n": "not ready"})],
)  # fmt: skip
def test_which_nodes_are_away(status: str, waited: float, expected: dict[str, str]) -> None:
    """A node whose kubelet is silent is away at once; one that is starting is waited for; maintenance always counts."""
    node = {"metadata": {"name": "n"}, "status": {"conditions": [{"type": "Ready", "status": status}]}}
    assert away_nodes([node], (), waited) == expected
    assert away_nodes([node], {"n"}, waited) == {"n": "in maintenance"}
    assert node_list({"n": "not ready", "m": "in maintenance"}) == "n (not ready), m (in maintenance)"
