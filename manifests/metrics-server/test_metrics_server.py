from bedplate.acceptance.cluster_client import ClusterClient, wait
from bedplate.config.environments import Site

READY_SECONDS = 120


def test_node_metrics(cluster: ClusterClient, site: Site) -> None:
    """CPU and memory of every node are measured (kubectl top nodes)."""
    names = {host.name for host in (*site.control_plane, *site.workers)}

    def measured() -> bool:
        return {one["metadata"]["name"] for one in cluster.items("nodes.metrics.k8s.io") if one["usage"]} == names

    wait(measured, "metrics of nodes", READY_SECONDS, "are not there")
