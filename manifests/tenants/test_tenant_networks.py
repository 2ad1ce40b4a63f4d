import time
from collections.abc import Mapping

import pytest

from bedplate.acceptance.cluster_client import ClusterClient
from bedplate.acceptance.host_answers import listed
from bedplate.acceptance.host_selection import HostSelection
from bedplate.acceptance.notebook import Notebook
from bedplate.acceptance.own_pod import OwnPod
from bedplate.config.addresses import site_addresses, site_names
from bedplate.config.environments import Site

NOTEBOOK_PORT, HUB_PORT, PROXY_PORT = 8888, 8081, 443
SETTLE_SECONDS = 15
API_PORT, SSH_PORT, KUBELET_PORT, PROMETHEUS_PORT = 6443, 22, 10250, 9090


@pytest.fixture
def server(notebook: Notebook, cluster: ClusterClient) -> OwnPod:
    """Return the pod of the run's running server."""
    notebook.ensure_running()
    pod = notebook.pod(cluster)
    metadata = pod["metadata"]
    return OwnPod(cluster, metadata["namespace"], metadata["name"], pod["status"]["podIP"], pod["spec"]["nodeName"])


def test_a_notebook_is_reached_by_hub_and_owner_only(
    server: OwnPod, stranger: OwnPod, notebook: Notebook, cluster: ClusterClient
) -> None:
    """A pod in another namespace cannot reach a user's notebook; the hub can."""
    # The page is open to all pods. As the stranger reaches it, its network works and the notebook is denied to it.
    page = _service(cluster, "proxy-public", PROXY_PORT)
    _check(stranger, {page: ("the notebooks' page", True), f"{server.address}:{NOTEBOOK_PORT}": ("a notebook", False)})
    state = notebook.user.server() or {}
    assert state.get("ready"), "the hub does not reach the notebook"


def test_a_notebook_reaches_the_hub_and_nothing_else(
    server: OwnPod, cluster: ClusterClient, site: Site, selection: HostSelection
) -> None:
    """A user's notebook reaches the hub, but not the API server, nodes or monitoring."""
    node = str(next(host.address for host in selection.tested if host.name in selection.nodes))
    api = site_addresses(site)[site_names(site.environment.domain).api]
    kubernetes = f"{cluster.one('service', 'kubernetes', 'default')['spec']['clusterIP']}:443"
    _check(
        server,
        {
            _service(cluster, "hub", HUB_PORT): ("the hub", True),
            f"{api}:{API_PORT}": ("the API server", False),
            kubernetes: ("the API server's Service", False),
            f"{node}:{SSH_PORT}": ("a node's SSH", False),
            f"{node}:{KUBELET_PORT}": ("a kubelet", False),
            _service(cluster, "prometheus", PROMETHEUS_PORT, "monitoring"): ("Prometheus", False),
        },
    )


def test_namespaces_are_isolated(probe: OwnPod, neighbour: OwnPod, stranger: OwnPod, server: OwnPod) -> None:
    """Pods of different namespaces do not reach each other, in no direction; those of one namespace do."""
    _check(
        server,
        {
            probe.target: ("a pod of its namespace", True),
            neighbour.target: ("a pod of a tenant's other namespace", False),
            stranger.target: ("a pod of no tenant", False),
        },
    )
    _check(neighbour, {probe.target: ("a pod of a tenant", False), stranger.target: ("a pod of no tenant", False)})
    _check(stranger, {probe.target: ("a pod of a tenant", False), neighbour.target: ("a pod of a tenant", False)})


def _check(pod: OwnPod, targets: Mapping[str, tuple[str, bool]]) -> None:
    """Check which targets a pod reaches, once its node enforces the policies of new pods; targets have names."""
    end = time.monotonic() + SETTLE_SECONDS
    while (wrong := _wrong(pod, targets)) and time.monotonic() < end:
        time.sleep(1)
    assert not wrong, listed(wrong)


def _wrong(pod: OwnPod, targets: Mapping[str, tuple[str, bool]]) -> dict[str, str]:
    answers = pod.reaches(*targets)
    return {
        f"{pod.namespace}/{pod.name} to {name} ({target})": "connects" if answers[target] else "does not connect"
        for target, (name, wanted) in targets.items()
        if answers[target] is not wanted
    }


def _service(cluster: ClusterClient, name: str, port: int, namespace: str = "notebooks") -> str:
    return f"{cluster.one('service', name, namespace)['spec']['clusterIP']}:{port}"
