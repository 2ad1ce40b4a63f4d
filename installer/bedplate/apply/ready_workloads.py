"""Waiting for the workloads of a layer; those that wait for a node that is down or in maintenance stop no apply."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable

from bedplate.cluster import kubectl
from bedplate.cluster.away_nodes import node_list, read_away_nodes
from bedplate.cluster.daemon_wait import wait_for_daemons
from bedplate.cluster.waiting_pods import lacks_only_nodes
from bedplate.cluster.workload_readiness import is_leaving
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift.layer_drift import LayerDrift

DAEMON_SET = "DaemonSet"
READY_SECONDS = 300
DEAD_NODE_SECONDS = 20
"""How long to wait while a node is down or in maintenance: its pods cannot become ready."""
POLL_SECONDS = 2.0


def wait_until_ready(site: Site, read: Callable[[], LayerDrift], say: Callable[[str], None]) -> str:
    """Wait until all workloads of a layer are ready.

    Args:
        site: the environment.
        read: reads the layer's drift.
        say: reports what is waited for.

    Returns:
        What is not ready because of a node, for people; empty if all are ready.

    Raises:
        BedplateError: workloads are not ready in time, and not because of a node.
    """
    wait_for_daemons(site, _daemons(read()), say)
    began = time.monotonic()
    while (found := read()).unready:
        waited = time.monotonic() - began
        away = read_away_nodes(site, waited)
        if away and (waited > DEAD_NODE_SECONDS or {one.kind for one in found.unready} == {DAEMON_SET}):
            broken = _not_excused(site, found, away)
            if not broken:
                return f"not ready because of {node_list(away)}: {_names(found.unready)}"
        else:
            broken = [*found.unready]
        if waited > READY_SECONDS:
            hint = "find the cause with kubectl describe, and apply again"
            raise BedplateError("workloads", f"are not ready after {READY_SECONDS} s: {_names(broken)}", hint)
        say(f"wait for {_names(broken)}")
        time.sleep(POLL_SECONDS)
    return ""


def _not_excused(site: Site, found: LayerDrift, away: Collection[str]) -> list[ObjectId]:
    """Return the objects that are not ready for another reason than a node that is away."""
    # What a DaemonSet's pods on the other nodes lack was waited for before.
    others = [one for one in found.unready if one.kind != DAEMON_SET or is_leaving(found.live[one])]
    pods = {name: kubectl.get(site, "pods", "--namespace", name)["items"] for name in {one.namespace for one in others}}
    return [one for one in others if not lacks_only_nodes(found.live[one], pods[one.namespace], away)]


def _names(objects: Iterable[ObjectId]) -> str:
    return ", ".join(str(one) for one in objects)


def _daemons(found: LayerDrift) -> list[ObjectId]:
    return [one for one in found.unready if one.kind == DAEMON_SET and not is_leaving(found.live[one])]
