import json

from bedplate.acceptance.cluster_client import ClusterClient, wait
from bedplate.acceptance.host_selection import HostSelection
from bedplate.core.errors import BedplateError

READY_SECONDS = 120
METRICS = "/apis/metrics.k8s.io/v1beta1/nodes"


def test_node_metrics(cluster: ClusterClient, selection: HostSelection) -> None:
    """CPU and memory of every tested node are measured (kubectl top nodes)."""

    def measured() -> bool:
        try:
            items = json.loads(cluster.raw(METRICS))["items"]
        except BedplateError:  # the API server passes the request on, and metrics-server may just have started
            return False
        return selection.nodes <= {node["metadata"]["name"] for node in items if node["usage"]}

    wait(measured, "metrics of nodes", READY_SECONDS, "are missing")
