from bedplate.acceptance.cluster_client import ClusterClient, wait
from bedplate.config.environments import Site

READY_SECONDS = 120


def test_node_metrics(cluster: ClusterClient, site: Site) -> None:
    """CPU and memory of every node are measured (kubectl top nodes)."""
    names = {host.name for host in (*site.control_plane, *site.workers)}

    def measured() -> bool:
        return {node["metadata"]["name"] for node in cluster.items("nodes.metrics.k8s.io") if node["usage"]} == names

    wait(measured, "metrics of nodes", READY_SECONDS, "are missing")
