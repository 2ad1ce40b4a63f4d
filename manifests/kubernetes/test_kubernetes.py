import json
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import ClusterClient, is_ready
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site

DONE = {"Succeeded"}


def test_every_node_is_ready(cluster: ClusterClient, site: Site) -> None:
    """Every control plane and worker host is a node, and Ready."""
    nodes = {node["metadata"]["name"]: is_ready(node) for node in cluster.items("nodes")}
    assert nodes == {host.name: True for host in (*site.control_plane, *site.workers)}


def test_versions(cluster: ClusterClient, catalog: Catalog) -> None:
    """The API server and every kubelet have the release's version."""
    wanted = f"v{catalog.components['kubernetes'].version}"
    found = {node["metadata"]["name"]: node["status"]["nodeInfo"]["kubeletVersion"] for node in cluster.items("nodes")}
    found["API server"] = _server_version(cluster)
    assert found == dict.fromkeys(found, wanted)


def test_api_server_is_healthy(cluster: ClusterClient) -> None:
    """The API server reports that it and all its parts are ready."""
    assert "readyz check passed" in cluster.raw("/readyz?verbose")


@pytest.mark.last
def test_every_pod_is_ready(cluster: ClusterClient) -> None:
    """Every pod is ready or has succeeded."""
    waiting = {
        f"{pod['metadata']['namespace']}/{pod['metadata']['name']}": _reason(pod)
        for pod in cluster.items("pods")
        if pod["status"]["phase"] not in DONE and not is_ready(pod)
    }
    assert waiting == {}


def test_workloads_are_whole(cluster: ClusterClient) -> None:
    """Every Deployment, DaemonSet and StatefulSet has all of its pods, at its newest revision."""
    lacking = {
        f"{workload['kind']} {workload['metadata']['namespace']}/{workload['metadata']['name']}": _counts(workload)
        for workload in cluster.items("deployments,daemonsets,statefulsets")
        if len(set(_counts(workload))) > 1
    }
    assert lacking == {}


@pytest.mark.last
def test_every_volume_claim_is_bound(cluster: ClusterClient) -> None:
    """Every volume claim of a pod is bound."""
    claims = cluster.items("persistentvolumeclaims")
    # A volume is created only when its first pod starts.
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


def _counts(workload: dict[str, Any]) -> tuple[int, int, int]:
    """Return how many pods are wanted, updated and ready."""
    status = workload["status"]
    if workload["kind"] == "DaemonSet":
        wanted = status["desiredNumberScheduled"]
        return wanted, status.get("updatedNumberScheduled", 0), status.get("numberReady", 0)
    return workload["spec"].get("replicas", 1), status.get("updatedReplicas", 0), status.get("readyReplicas", 0)


def _reason(pod: dict[str, Any]) -> str:
    containers = pod["status"].get("containerStatuses", [])
    reasons = [container["state"].get("waiting", {}).get("reason", "") for container in containers]
    return f"{pod['status']['phase']} {' '.join(filter(None, reasons))}".strip()
