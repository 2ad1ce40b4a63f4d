"""`bedplate-node` with the release's kubeadm and a real API server: kube-proxy is created again where it differs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from factories.api_server import ApiServer
from factories.kube_proxy_program import KubeProxyProgram

DAEMON_SET = "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy"
CONFIG_MAP = "/api/v1/namespaces/kube-system/configmaps/kube-proxy"
ROLE = "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/kube-proxy"
MERGE = {"Content-Type": "application/merge-patch+json"}
POD = {"spec": {"template": {"spec": {"nodeSelector": {"none": "such"}}}}}
RESTART = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}


@pytest.fixture(scope="module")
def node(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubeProxyProgram]:
    """Return a control plane whose cluster has kube-proxy, which is missing at first."""
    made = KubeProxyProgram(server, tmp_path_factory.mktemp("node"))
    assert "kube-proxy's DaemonSet is missing" in made.call("repair")
    yield made
    with server.client() as client:
        for path in (DAEMON_SET, CONFIG_MAP, ROLE):
            client.delete(path)


def test_what_kubeadm_created_does_not_differ(node: KubeProxyProgram) -> None:
    """Nor does a restart by `kubectl rollout restart`; without an API server that is ready, nothing is compared."""
    assert node.call("differences") == []
    with node.server.client() as client:
        client.patch(DAEMON_SET, json=RESTART, headers=MERGE).raise_for_status()
        assert node.call("repair") == []
        client.delete(CONFIG_MAP).raise_for_status()
    assert node.call("repair", health="/none") == []
    assert node.call("repair") == ["kube-proxy's ConfigMap is missing"]


def test_a_deleted_daemon_set_is_created_again(node: KubeProxyProgram) -> None:
    """The next comparison finds nothing."""
    with node.server.client() as client:
        client.delete(DAEMON_SET).raise_for_status()
        assert node.call("differences") == ["kube-proxy's DaemonSet is missing"]
        assert node.call("repair") == ["kube-proxy's DaemonSet is missing"]
        assert client.get(DAEMON_SET).is_success
    assert node.call("differences") == []


@pytest.mark.parametrize(
    ("path", "patch", "kind"),
    [
        (DAEMON_SET, POD, "DaemonSet"),
        (CONFIG_MAP, {"data": {"config.conf": "mode: none"}}, "ConfigMap"),
        (ROLE, {"rules": []}, "Role"),
    ],
)
def test_what_others_changed_is_set_back(node: KubeProxyProgram, path: str, patch: object, kind: str) -> None:
    """A node selector that switches it off, other settings, and rights that are gone; its pods are restarted."""
    with node.server.client() as client:
        client.patch(path, json=patch, headers=MERGE).raise_for_status()
        assert node.call("differences") == [f"kube-proxy's {kind} differs"]
        assert node.call("repair") == [f"kube-proxy's {kind} differs"]
        template = client.get(DAEMON_SET).json()["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    assert "none" not in template["spec"].get("nodeSelector", {})
    assert node.call("differences") == []
