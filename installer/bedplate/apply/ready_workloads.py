"""Waiting for the workloads of a layer; those that wait for a dead node do not stop an apply."""

from __future__ import annotations

import time
from collections.abc import Callable

from bedplate.cluster import kubectl
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.kube.conditions import is_ready
from bedplate.object_drift.layer_drift import LayerDrift

READY_SECONDS = 300
DEAD_NODE_SECONDS = 20
"""How long to wait while a node is not ready: its pods cannot become ready."""
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
    began = time.monotonic()
    while unready := read().unready:
        names = ", ".join(str(one) for one in unready)
        nodes = _nodes_not_ready(site)
        waited = time.monotonic() - began
        if nodes and waited > DEAD_NODE_SECONDS:
            return f"not ready, as {', '.join(nodes)} is not: {names}"
        if waited > READY_SECONDS:
            hint = "find the cause with kubectl describe, and apply again"
            raise BedplateError("workloads", f"are not ready after {READY_SECONDS} s: {names}", hint)
        say(f"wait for {names}")
        time.sleep(POLL_SECONDS)
    return ""


def _nodes_not_ready(site: Site) -> list[str]:
    nodes = kubectl.get(site, "nodes")["items"]
    return sorted(node["metadata"]["name"] for node in nodes if not is_ready(node))
