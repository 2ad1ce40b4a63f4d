import json
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import ClusterClient, is_ready
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site

SETTLED = {"Succeeded"}


def test_every_node_is_ready(cluster: ClusterClient, site: Site) -> None:
    """Every machine of the cluster is a node, and Ready."""
    nodes = {node["metadata"]["name"]: is_ready(node) for node in cluster.items("nodes")}
    assert nodes == {host.name: True for host in (*site.control_plane, *site.workers)}


def test_versions(cluster: ClusterClient, catalog: Catalog) -> None:
    """The API server and every kubelet have the release's version."""
    wanted = f"v{catalog.components['kubernetes'].version}"
    found = {node["metadata"]["name"]: node["status"]["nodeInfo"]["kubeletVersion"] for node in cluster.items("nodes")}
    found["API server"] = _server_version(cluster)
    assert found == dict.fromkeys(found, wanted)


def test_api_server_is_healthy(cluster: ClusterClient) -> None:
    """The API server calls itself ready, with all its parts."""
    assert "readyz check passed" in cluster.raw("/readyz?verbose")


@pytest.mark.last
def test_every_pod_is_ready(cluster: ClusterClient) -> None:
    """Every pod is ready or done."""
    waiting = {
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}": _reason(pod)
        for pod in cluster.items("pods")
        if pod["status"]["phase"] not in SETTLED and not is_ready(pod)
    }
    assert waiting == {}


def test_workloads_are_whole(cluster: ClusterClient) -> None:
    """Every Deployment, DaemonSet and StatefulSet has all its pods, of its newest version."""
    lacking = {
        f"{one['kind']} {one['metadata']['namespace']}/{one['metadata']['name']}": _counts(one)
        for one in cluster.items("deployments,daemonsets,statefulsets")
        if len(set(_counts(one))) > 1
    }
    assert lacking == {}


@pytest.mark.last
def test_every_volume_claim_is_bound(cluster: ClusterClient) -> None:
    """Every volume that is asked for is there."""
    claims = cluster.items("persistentvolumeclaims")
    # A volume without a pod is made when its first pod comes.
    used = {
        (pod["metadata"]["namespace"], volume["persistentVolumeClaim"]["claimName"])
        for pod in cluster.items("pods")
        for volume in pod["spec"].get("volumes", [])
        if "persistentVolumeClaim" in volume
    }
    unbound = [
        f"{claim['metadata']['namespace']}/{claim['metadata']['name']}"
        for claim in claims
        if (claim["metadata"]["namespace"], claim["metadata"]["name"]) in used and claim["status"]["phase"] != "Bound"
    ]
    assert unbound == []


def _server_version(cluster: ClusterClient) -> str:
    version: str = json.loads(cluster.raw("/version"))["gitVersion"]
    return version


def _counts(one: dict[str, Any]) -> tuple[int, int, int]:
    """Return how many pods are wanted, updated and ready."""
    status = one["status"]
    if one["kind"] == "DaemonSet":
        wanted = status["desiredNumberScheduled"]
        return wanted, status.get("updatedNumberScheduled", 0), status.get("numberReady", 0)
    return one["spec"].get("replicas", 1), status.get("updatedReplicas", 0), status.get("readyReplicas", 0)


def _reason(pod: dict[str, Any]) -> str:
    states = [one["state"].get("waiting", {}).get("reason", "") for one in pod["status"].get("containerStatuses", [])]
    return f"{pod['status']['phase']} {' '.join(filter(None, states))}".strip()
