"""Pods of a workload that wait for a node: whether a workload that is not ready only lacks nodes that are away."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from bedplate.kube.conditions import find_condition, is_ready

ENDED = ("Succeeded", "Failed")

Json = dict[str, Any]


def lacks_only_nodes(workload: Json, pods: Iterable[Json], away: Collection[str]) -> bool:
    """Return whether each pod because of which a workload is not ready waits for a node that is away.

    Args:
        workload: a live Deployment, StatefulSet or Job.
        pods: the live pods of its namespace.
        away: nodes that are down or in maintenance.
    """
    labels = ((workload.get("spec") or {}).get("selector") or {}).get("matchLabels") or {}
    unready = [pod for pod in pods if labels and _has(pod, labels) and not _is_settled(pod)]
    return bool(unready) and all(_waits_for_node(pod, away) for pod in unready)


def _has(pod: Json, labels: dict[str, str]) -> bool:
    return labels.items() <= (pod["metadata"].get("labels") or {}).items()


def _is_settled(pod: Json) -> bool:
    return is_ready(pod) or (pod.get("status") or {}).get("phase") in ENDED


def _waits_for_node(pod: Json, away: Collection[str]) -> bool:
    """Return whether a pod is on a node that is away, or can be scheduled on none of the others."""
    is_unschedulable = find_condition(pod, "PodScheduled").get("reason") == "Unschedulable"
    return pod["spec"].get("nodeName") in away or is_unschedulable
