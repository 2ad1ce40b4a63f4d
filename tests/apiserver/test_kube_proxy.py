"""`bedplate-node` with the release's kubeadm and a real API server: kube-proxy is created again where it differs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from factories.api_server import ApiServer
from factories.node_root import PROGRAM, kubeadm, settings_of

SETTINGS = "etc/bedplate/kubeadm.yaml"
DAEMON_SET = "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy"
CONFIG_MAP = "/api/v1/namespaces/kube-system/configmaps/kube-proxy"
ROLE = "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-system/roles/kube-proxy"
MERGE = {"Content-Type": "application/merge-patch+json"}
POD = {"spec": {"template": {"spec": {"nodeSelector": {"none": "such"}}}}}
RESTART = {"spec": {"template": {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}}}
RUN = """
import dataclasses, json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import host_paths, kube_proxy, static_pods
static_pods.API_SERVER = dataclasses.replace(static_pods.API_SERVER, health=sys.argv[3])
print(json.dumps(getattr(kube_proxy, sys.argv[4])(host_paths.HostPaths(Path(sys.argv[2])))))
"""
"""Calls a function of the program, whose API server has another address here."""


class Node:
    """A control plane's folder, whose API server runs here."""

    def __init__(self, server: ApiServer, root: Path) -> None:
        """Write kubeadm's settings and the administrator's kubeconfig."""
        self.server, self._root = server, root
        content = settings_of((("renewBefore", "90d"), ("validity", "365d")))[f"/{SETTINGS}"]
        for path, text in ((SETTINGS, content), ("etc/kubernetes/admin.conf", server.kubeconfig.read_text())):
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)

    def call(self, function: str, health: str = "/readyz") -> list[str]:
        """Return what a function of the program returns."""
        words: list[str | Path] = [
            sys.executable,
            "-c",
            RUN,
            PROGRAM,
            self._root,
            f"{self.server.url}{health}",
            function,
        ]
        variables = {"BEDPLATE_NODE_PATH": f"{kubeadm().parent}:/usr/bin:/bin"}
        done = subprocess.run(words, env=variables, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found: list[str] = json.loads(done.stdout)
        return found


@pytest.fixture(scope="module")
def node(server: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """Return a control plane whose cluster has kube-proxy, which is missing at first."""
    made = Node(server, tmp_path_factory.mktemp("node"))
    assert "kube-proxy's DaemonSet is missing" in made.call("repair")
    yield made
    with server.client() as client:
        for path in (DAEMON_SET, CONFIG_MAP, ROLE):
            client.delete(path)


def test_what_kubeadm_created_does_not_differ(node: Node) -> None:
    """Nor does a restart by `kubectl rollout restart`; without an API server that is ready, nothing is compared."""
    assert node.call("differences") == []
    with node.server.client() as client:
        client.patch(DAEMON_SET, json=RESTART, headers=MERGE).raise_for_status()
        assert node.call("repair") == []
        client.delete(CONFIG_MAP).raise_for_status()
    assert node.call("repair", health="/none") == []
    assert node.call("repair") == ["kube-proxy's ConfigMap is missing"]


def test_a_deleted_daemon_set_is_created_again(node: Node) -> None:
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
def test_what_others_changed_is_set_back(node: Node, path: str, patch: object, kind: str) -> None:
    """A node selector that switches it off, other settings, and rights that are gone; its pods are restarted."""
    with node.server.client() as client:
        client.patch(path, json=patch, headers=MERGE).raise_for_status()
        assert node.call("differences") == [f"kube-proxy's {kind} differs"]
        assert node.call("repair") == [f"kube-proxy's {kind} differs"]
        template = client.get(DAEMON_SET).json()["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    assert "none" not in template["spec"].get("nodeSelector", {})
    assert node.call("differences") == []
