"""Nodes whose pods nothing waits for: they are down, or declared in maintenance."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from bedplate.cluster import kubectl
from bedplate.config.environments import Site
from bedplate.kube.conditions import condition_status

IN_MAINTENANCE, NOT_READY = "in maintenance", "not ready"
STARTING_SECONDS = 120
"""How long to wait for a node whose kubelet reports that it is not ready, such as one without a network yet.

A kubelet that reports nothing is not waited for: the node is down.
"""

Json = dict[str, Any]


def read_away_nodes(site: Site, waited: float) -> dict[str, str]:
    """Return the nodes that are passed by, each with the reason.

    Args:
        site: the environment.
        waited: for how many seconds the nodes have been waited for.

    Raises:
        BedplateError: the cluster does not answer.
    """
    maintained = {host.name for host in site.hosts if host.in_maintenance}
    return away_nodes(kubectl.get(site, "nodes")["items"], maintained, waited)


def away_nodes(nodes: Iterable[Json], maintained: Collection[str], waited: float) -> dict[str, str]:
    """Return those of some live nodes that are passed by, each with the reason; sorted by name."""
    away = {}
    for node in nodes:
        name, status = node["metadata"]["name"], condition_status(node, "Ready")
        if name in maintained:
            away[name] = IN_MAINTENANCE
        elif status == "Unknown" or (status != "True" and waited > STARTING_SECONDS):
            away[name] = NOT_READY
    return dict(sorted(away.items()))


def node_list(nodes: Mapping[str, str]) -> str:
    """Return nodes and reasons for people: worker1 (not ready), worker2 (in maintenance)."""
    return ", ".join(f"{name} ({reason})" for name, reason in nodes.items())
