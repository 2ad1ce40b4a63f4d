"""Whether a node has room for a server, so that starting one evicts nobody's pod."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.config.environment_file import Size
from bedplate.core import quantity

ENDED = {"Succeeded", "Failed"}
_NODE = (
    ".metadata.name",
    ".status.allocatable.cpu",
    ".status.allocatable.memory",
    ".spec.unschedulable",
    '.spec.taints[?(@.effect!="PreferNoSchedule")].key',
)
_POD = (
    ".spec.nodeName",
    ".status.phase",
    ".spec.containers[*].resources.requests.cpu",
    ".spec.containers[*].resources.requests.memory",
)
Amounts = tuple[Decimal, Decimal]
"""CPU and memory."""


def no_room(cluster: ClusterClient, size: Size) -> str:
    """Return why a server of a size does not fit on any node; empty if it does."""
    wanted = (quantity.parse(size.cpu), quantity.parse(size.memory))
    if any(all(has >= needs for has, needs in zip(free, wanted, strict=True)) for free in free_amounts(cluster)):
        return ""
    return f"no node has {size.cpu} CPU and {size.memory} of memory free; starting a server would end others' pods"


def free_amounts(cluster: ClusterClient) -> list[Amounts]:
    """Return what is free on each node that accepts pods: what it has, without what its pods requested."""
    used: dict[str, Amounts] = defaultdict(lambda: (Decimal(0), Decimal(0)))
    for node, phase, cpu, memory in cluster.columns("pods", *_POD):
        if phase not in ENDED:
            used[node] = (used[node][0] + _sum(cpu), used[node][1] + _sum(memory))
    return [
        (_sum(cpu) - used[name][0], _sum(memory) - used[name][1])
        for name, cpu, memory, unschedulable, taints in cluster.columns("nodes", *_NODE)
        if unschedulable != "true" and not taints
    ]


def _sum(listed: str) -> Decimal:
    return sum((quantity.parse(amount) for amount in listed.split(",") if amount), Decimal(0))
