"""Waiting for the workloads of a layer; those that wait for a node that is down or in maintenance stop no apply."""

from __future__ import annotations

import time
from collections.abc import Callable

from bedplate.cluster.away_nodes import node_list, read_away_nodes
from bedplate.cluster.daemon_wait import wait_for_daemons
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
        BedplateError: workloads are not ready in time, although all nodes are.
    """
    wait_for_daemons(site, _daemons(read()), say)
    began = time.monotonic()
    while unready := read().unready:
        names = ", ".join(str(one) for one in unready)
        waited = time.monotonic() - began
        away = read_away_nodes(site, waited)
        if away and (waited > DEAD_NODE_SECONDS or {one.kind for one in unready} == {DAEMON_SET}):
            return f"not ready because of {node_list(away)}: {names}"
        if waited > READY_SECONDS:
            hint = "find the cause with kubectl describe, and apply again"
            raise BedplateError("workloads", f"are not ready after {READY_SECONDS} s: {names}", hint)
        say(f"wait for {names}")
        time.sleep(POLL_SECONDS)
    return ""


def _daemons(found: LayerDrift) -> list[ObjectId]:
    return [one for one in found.unready if one.kind == DAEMON_SET and not is_leaving(found.live[one])]
