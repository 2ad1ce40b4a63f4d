"""Readiness of live workloads: whether all pods run as the workload's newest revision says."""

from __future__ import annotations

from typing import Any

from bedplate.kube.conditions import condition_status

Json = dict[str, Any]
DEPLOYMENT = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
DAEMON_SET = ("updatedNumberScheduled", "numberReady", "numberAvailable")


def is_ready(live: Json) -> bool:
    """Return whether a live workload is ready; an object of another kind always is.

    A status that describes an older generation does not count, and neither do pods of an older revision.
    """
    status = live.get("status") or {}
    match live["kind"]:
        case "Deployment":
            return _is_observed(live) and _all_equal(status, DEPLOYMENT, _replicas(live))
        case "StatefulSet":
            counts = _all_equal(status, ("replicas", "readyReplicas"), _replicas(live))
            return _is_observed(live) and counts and (_is_manual(live) or _has_one_revision(status))
        case "DaemonSet":
            keys = DAEMON_SET[1:] if _is_manual(live) else DAEMON_SET
            return _is_observed(live) and _all_equal(status, keys, status.get("desiredNumberScheduled", -1))
        case "Job":
            return condition_status(live, "Complete") == "True"
        case _:
            return True


def is_leaving(live: Json) -> bool:
    """Return whether a live object is being deleted."""
    return "deletionTimestamp" in live["metadata"]


def _is_observed(live: Json) -> bool:
    return bool((live.get("status") or {}).get("observedGeneration", 0) >= live["metadata"].get("generation", 0))


def _all_equal(status: Json, keys: tuple[str, ...], wanted: int) -> bool:
    return all(status.get(key, 0) == wanted for key in keys)


def _replicas(live: Json) -> int:
    return int(live["spec"].get("replicas", 1))


def _has_one_revision(status: Json) -> bool:
    return bool(status.get("currentRevision") == status.get("updateRevision"))


def _is_manual(live: Json) -> bool:
    """Return whether nothing replaces pods of an older revision until someone deletes them."""
    return bool((live["spec"].get("updateStrategy") or {}).get("type") == "OnDelete")
