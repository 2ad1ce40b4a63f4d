"""Rollout of a DaemonSet: which nodes lack a ready pod of its newest revision, and what holds the others up.

A pod on a node that is down counts as unavailable, so one such node uses up `maxUnavailable: 1`: Kubernetes replaces no
other pod until the node is back, and Pulumi would wait for it.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from bedplate.kube.conditions import is_ready

REVISION = "controller-revision-hash"
"""Label of a DaemonSet's pods and revisions."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rollout:
    """How far a DaemonSet's newest revision has come.

    Attributes:
        waiting: nodes whose pod is not ready or of an older revision, each with the reason; those passed by are none.
        missing: number of nodes that have no pod yet.
        passed_by: nodes for which the DaemonSet has a pod, and which are passed by.
        replaceable: a pod that Kubernetes leaves at its older revision because of the nodes that are passed by; empty
            if there is none, or if another pod has to become ready first.
    """

    waiting: dict[str, str] = field(default_factory=dict)
    missing: int = 0
    passed_by: tuple[str, ...] = ()
    replaceable: str = ""

    @property
    def is_done(self) -> bool:
        """Return whether every node that is not passed by has a ready pod of the newest revision."""
        return not self.waiting and self.missing <= 0


def read_rollout(live: Json, items: Iterable[Json], away: Collection[str]) -> Rollout:
    """Return how far a rollout has come.

    Args:
        live: the DaemonSet; its status is of its newest generation.
        items: pods and ControllerRevisions of its namespace; those of others do not count.
        away: nodes that are passed by.
    """
    own = [one for one in items if _owner(one) == live["metadata"]["uid"]]
    pods = {_node(one): one for one in sorted(own, key=_is_leaving, reverse=True) if one["kind"] == "Pod"}
    revision = _newest(live, own)
    lacking = {node: reason for node, pod in sorted(pods.items()) if (reason := _lack(pod, revision))}
    waiting = {node: reason for node, reason in lacking.items() if node not in away}
    old = [pods[node] for node in waiting if is_ready(pods[node]) and not _is_leaving(pods[node])]
    missing = int(live["status"]["desiredNumberScheduled"]) - len(pods)
    is_blocked = len(lacking.keys() & {*away}) >= _most_unavailable(live)
    can_replace = is_blocked and len(old) == len(waiting) and missing <= 0
    return Rollout(
        waiting,
        missing,
        tuple(sorted(pods.keys() & {*away})),
        old[0]["metadata"]["name"] if old and can_replace else "",
    )


def _owner(value: Json) -> str:
    owners = value["metadata"].get("ownerReferences") or []
    return next((str(one["uid"]) for one in owners if one.get("controller")), "")


def _node(pod: Json) -> str:
    """Return the node of a pod; before the scheduler has bound it, the one that its DaemonSet made it for."""
    if name := pod["spec"].get("nodeName"):
        return str(name)
    affinity = pod["spec"]["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    fields = [field for term in affinity["nodeSelectorTerms"] for field in term.get("matchFields") or []]
    return next(str(one["values"][0]) for one in fields if one["key"] == "metadata.name")


def _newest(live: Json, own: Iterable[Json]) -> str:
    """Return the newest revision; empty if pods of older ones stay until someone deletes them (OnDelete)."""
    if (live["spec"].get("updateStrategy") or {}).get("type") == "OnDelete":
        return ""
    revisions = {one["revision"]: one for one in own if one["kind"] == "ControllerRevision"}
    return str(revisions[max(revisions)]["metadata"]["labels"][REVISION])


def _lack(pod: Json, revision: str) -> str:
    """Return why a pod does not count; empty if it does."""
    if _is_leaving(pod):
        return "its pod is being deleted"
    if revision and pod["metadata"]["labels"][REVISION] != revision:
        return "its pod is not replaced yet"
    return "" if is_ready(pod) else _why_not_ready(pod)


def _why_not_ready(pod: Json) -> str:
    """Return what a container waits for, such as ImagePullBackOff."""
    status = pod.get("status") or {}
    states = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    reasons = [one["state"]["waiting"].get("reason", "") for one in states if "waiting" in (one.get("state") or {})]
    return next(filter(None, reasons), "its pod is not ready")


def _is_leaving(value: Json) -> bool:
    return "deletionTimestamp" in value["metadata"]


def _most_unavailable(live: Json) -> int:
    """Return how many pods may be unavailable during a rollout, a percentage rounded up as Kubernetes does."""
    rolling = (live["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}
    text = str(rolling.get("maxUnavailable", 1))
    if text.endswith("%"):
        return max(1, math.ceil(int(live["status"]["desiredNumberScheduled"]) * int(text[:-1]) / 100))
    return max(1, int(text))
