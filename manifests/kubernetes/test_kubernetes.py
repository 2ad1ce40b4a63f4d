import json
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.host_answers import listed
from bedplate.acceptance.host_selection import HostSelection
from bedplate.acceptance.platform_view import PlatformView
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.kube.conditions import is_ready

WORKLOADS = "deployments,daemonsets,statefulsets"


def test_every_node_is_ready(
    cluster: ClusterClient, site: Site, selection: HostSelection, record_property: Any
) -> None:
    """Every tested control plane and worker host is a node, and Ready."""
    ready = {node["metadata"]["name"]: is_ready(node) for node in cluster.items("nodes")}
    record_property("nodes_not_in_hosts_yaml", sorted(ready.keys() - {host.name for host in site.hosts}))
    wrong = dict.fromkeys(selection.nodes - ready.keys(), "is not a node")
    wrong |= {name: "is not ready" for name in selection.nodes & ready.keys() if not ready[name]}
    assert not wrong, listed(wrong)


def test_versions(cluster: ClusterClient, catalog: Catalog, selection: HostSelection) -> None:
    """The API server and every tested kubelet have the release's version."""
    wanted = f"v{catalog.components['kubernetes'].version}"
    versions = cluster.columns("nodes", ".metadata.name", ".status.nodeInfo.kubeletVersion")
    found = {name: version for name, version in versions if name in selection.nodes}
    found["API server"] = json.loads(cluster.raw("/version"))["gitVersion"]
    other = {name: version for name, version in found.items() if version != wanted}
    assert not other, f"the release has {wanted}\n{listed(other)}"


def test_api_server_is_healthy(cluster: ClusterClient) -> None:
    """The API server reports that it and all its parts are ready."""
    answer = cluster.raw("/readyz?verbose")
    failed = [line for line in answer.splitlines() if line.startswith("[-]")]
    assert "readyz check passed" in answer, listed(failed)


@pytest.mark.last
def test_every_pod_is_ready(platform: PlatformView) -> None:
    """Every pod of the platform on a tested node is ready."""
    pods = platform.pods()
    waiting = {_name(pod): _reason(pod) for pod in pods if not is_ready(pod)}
    assert pods, "the platform has no pods"
    assert not waiting, listed(waiting)


def test_workloads_are_whole(cluster: ClusterClient, platform: PlatformView) -> None:
    """Every Deployment, DaemonSet and StatefulSet of the release has all of its pods, at its newest revision."""
    left_out = sum(name not in platform.nodes for (name,) in cluster.columns("nodes", ".metadata.name"))
    found = {
        (item["kind"], _name(item)): _lacks(item, left_out)
        for namespace in sorted(platform.namespaces)
        for item in cluster.items(WORKLOADS, namespace)
    }
    wrong = {
        f"{kind} {name}": found.get((kind, name), "does not exist")
        for kind, names in platform.workloads.items()
        if f"{kind.lower()}s" in WORKLOADS.split(",")
        for name in sorted(names)
    }
    lacking = {name: fact for name, fact in wrong.items() if fact}
    assert not lacking, listed(lacking)


@pytest.mark.last
def test_every_volume_claim_is_bound(cluster: ClusterClient, platform: PlatformView) -> None:
    """Every volume claim of the platform's pods is bound."""
    phases = {
        f"{namespace}/{name}": phase
        for namespace, name, phase in cluster.columns(
            "persistentvolumeclaims", ".metadata.namespace", ".metadata.name", ".status.phase"
        )
    }
    # A volume is created only when its first pod starts.
    used = {
        f"{pod['metadata']['namespace']}/{volume['persistentVolumeClaim']['claimName']}"
        for pod in platform.pods()
        for volume in pod["spec"].get("volumes", [])
        if "persistentVolumeClaim" in volume
    }
    unbound = {name: phases.get(name, "does not exist") for name in sorted(used) if phases.get(name) != "Bound"}
    assert not unbound, listed(unbound)


def _name(item: dict[str, Any]) -> str:
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"


def _lacks(workload: dict[str, Any], left_out: int) -> str:
    """Return what a workload lacks; a DaemonSet may lack pods on nodes that are not tested."""
    status = workload["status"]
    if workload["kind"] == "DaemonSet":
        wanted = max(0, status["desiredNumberScheduled"] - left_out)
        has = status.get("updatedNumberScheduled", 0), status.get("numberReady", 0)
    else:
        wanted = workload["spec"].get("replicas", 1)
        has = status.get("updatedReplicas", 0), status.get("readyReplicas", 0)
    if status.get("observedGeneration", 0) < workload["metadata"].get("generation", 0):
        return "has a change that was not seen yet"
    updated, ready = has
    return "" if min(has) >= wanted else f"wants {wanted} pods, has {updated} of the newest revision, {ready} ready"


def _reason(pod: dict[str, Any]) -> str:
    containers = pod["status"].get("containerStatuses", [])
    reasons = [container["state"].get("waiting", {}).get("reason", "") for container in containers]
    return f"{pod['status']['phase']} {' '.join(filter(None, reasons))}".strip()
