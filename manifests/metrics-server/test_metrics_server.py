from bedplate.acceptance.cluster_client import ClusterClient, wait
from bedplate.acceptance.host_selection import HostSelection

READY_SECONDS = 120


def test_node_metrics(cluster: ClusterClient, selection: HostSelection) -> None:
    """CPU and memory of every tested node are measured (kubectl top nodes)."""

    def measured() -> bool:
        names = {node["metadata"]["name"] for node in cluster.items("nodes.metrics.k8s.io") if node["usage"]}
        return selection.nodes <= names

    wait(measured, "metrics of nodes", READY_SECONDS, "are missing")
