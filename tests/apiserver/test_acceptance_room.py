"""Whether nodes have room for a server: from the requests of all pods, without reading the rest of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.room import free_amounts, no_room
from bedplate.cluster import kubectl
from bedplate.config.environment_file import Size
from bedplate.config.environments import Site
from factories.api_server import ApiServer
from factories.api_site import api_site

Json = dict[str, Any]
NAMESPACE = "room"
GIBIBYTE = 2**30
TAINT = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
NODES: dict[str, tuple[Json, str, str]] = {
    "room-worker": ({}, "4", "8Gi"),
    "room-tainted": ({"taints": TAINT}, "64", "64Gi"),
    "room-preferred": ({"taints": [{"key": "slow", "effect": "PreferNoSchedule"}]}, "1", "1Gi"),
    "room-cordoned": ({"unschedulable": True}, "64", "64Gi"),
}
"""Name to spec, CPU and memory."""
PODS: dict[str, tuple[str, list[Json], str]] = {
    "two-containers": ("room-worker", [{"cpu": "500m", "memory": "1Gi"}, {"cpu": "1"}], "Running"),
    "no-requests": ("room-worker", [{}], "Running"),
    "ended": ("room-worker", [{"cpu": "4", "memory": "8Gi"}], "Succeeded"),
}
"""Name to node, requests of the containers, and phase."""


@pytest.fixture(scope="module")
def cluster(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClusterClient]:
    """Create nodes with pods; return a client of the cluster."""
    site = api_site(server, tmp_path_factory.mktemp("site"), name="room")
    kubectl.run(site, "create", "namespace", NAMESPACE)
    _create(site, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _metadata("default")})
    for name, (spec, cpu, memory) in NODES.items():
        status = {"allocatable": {"cpu": cpu, "memory": memory}, "capacity": {"cpu": cpu, "memory": memory}}
        _create(site, {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}, "spec": spec})
        _patch(site, "node", name, {"status": status})
        # The API server adds a taint to new nodes, which only a controller removes.
        _patch(site, "node", name, {"spec": {"taints": spec.get("taints")}}, "")
    for name, (node, requests, phase) in PODS.items():
        containers = [
            {"name": f"c{number}", "image": "x", "env": [{"name": "T", "value": "a b"}], "resources": {"requests": one}}
            for number, one in enumerate(requests)
        ]
        spec = {"nodeName": node, "containers": containers}
        _create(site, {"apiVersion": "v1", "kind": "Pod", "metadata": _metadata(name), "spec": spec})
        _patch(site, "pod", name, {"status": {"phase": phase}}, "status", "-n", NAMESPACE)
    yield ClusterClient(site)
    kubectl.run(site, "delete", "pods", "--all", "-n", NAMESPACE, "--force", "--grace-period=0")
    kubectl.run(site, "delete", "nodes", *NODES)


def _metadata(name: str) -> Json:
    return {"name": name, "namespace": NAMESPACE}


def _create(site: Site, item: Json) -> None:
    kubectl.run(site, "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(item).encode())


def _patch(site: Site, kind: str, name: str, value: Json, part: str = "status", *words: str) -> None:
    options = [f"--subresource={part}"] if part else []
    kubectl.run(site, "patch", kind, name, *options, *words, "--type=merge", "-p", json.dumps(value))


def test_what_pods_requested_is_not_free(cluster: ClusterClient) -> None:
    """Requests of running pods are subtracted; ended pods, and nodes that accept no pods, do not count."""
    found = sorted((float(cpu), float(memory) / GIBIBYTE) for cpu, memory in free_amounts(cluster))
    assert found == [(1.0, 1.0), (2.5, 7.0)]


@pytest.mark.parametrize(
    ("cpu", "memory", "fits"),
    [("2", "7Gi", True), ("2500m", "1Gi", True), ("3", "1Gi", False), ("1", "8Gi", False), ("32", "32Gi", False)],
)
def test_a_server_needs_a_node_with_room(cpu: str, memory: str, fits: bool, cluster: ClusterClient) -> None:  # noqa: FBT001  a column of the table
    """A server fits if one node has its CPU and its memory; otherwise the reason says what is missing."""
    reason = no_room(cluster, Size(name="x", cpu=cpu, memory=memory))
    assert (reason == "") is fits
    assert fits or f"{cpu} CPU and {memory}" in reason
