"""Waiting for DaemonSets: ready on all nodes but those that are down or in maintenance, which are named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from bedplate.cluster import kubectl
from bedplate.cluster.away_nodes import node_list, read_away_nodes
from bedplate.cluster.daemon_rollout import Rollout, read_rollout
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.kube.object_id import ObjectId

READY_SECONDS = 600
POLL_SECONDS = 2.0


def wait_for_daemons(site: Site, daemons: Iterable[ObjectId], report: Callable[[str], None]) -> None:
    """Wait until DaemonSets are ready on all nodes that are not passed by.

    Where nodes that are passed by keep Kubernetes from replacing the pods of the others, replace these one by one.

    Args:
        site: the environment.
        daemons: the DaemonSets.
        report: says what is waited for, and which nodes are passed by.

    Raises:
        BedplateError: one is not ready in time.
    """
    for daemon in daemons:
        began = time.monotonic()
        while not _is_ready(site, daemon, time.monotonic() - began, report):
            time.sleep(POLL_SECONDS)


def _is_ready(site: Site, daemon: ObjectId, waited: float, report: Callable[[str], None]) -> bool:
    away = read_away_nodes(site, waited)
    rollout = _read(site, daemon, away)
    if rollout and rollout.is_done:
        if rollout.passed_by:
            report(f"{daemon} passes by {node_list({name: away[name] for name in rollout.passed_by})}")
        return True
    lacking = _lacking(rollout)
    if waited > READY_SECONDS:
        hint = f"find the cause with kubectl describe pods -n {daemon.namespace}, and apply again"
        raise BedplateError(str(daemon), f"is not ready after {READY_SECONDS} s: {lacking}", hint)
    report(f"wait for {daemon}: {lacking}")
    if rollout and rollout.replaceable:
        kubectl.run(site, "delete", "pod", rollout.replaceable, "-n", daemon.namespace, "--wait=false")
    return False


def _lacking(rollout: Rollout | None) -> str:
    if rollout is None:
        return "Kubernetes has not seen the change yet"
    return node_list(rollout.waiting) or f"{rollout.missing} nodes have no pod yet"


def _read(site: Site, daemon: ObjectId, away: Iterable[str]) -> Rollout | None:
    """Return how far a rollout is; None while the status is of an older generation."""
    live = kubectl.get(site, "daemonset", daemon.name, "-n", daemon.namespace)
    if (live.get("status") or {}).get("observedGeneration", 0) < live["metadata"]["generation"]:
        return None
    labels = ",".join(f"{key}={value}" for key, value in (live["spec"]["selector"].get("matchLabels") or {}).items())
    items = kubectl.get(site, "pods,controllerrevisions", "-n", daemon.namespace, "-l", labels)["items"]
    return read_rollout(live, items, {*away})
