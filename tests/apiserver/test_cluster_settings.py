"""`bedplate-node configure` against a real API server: the cluster's own copy of kubeadm's settings, and kube-proxy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from factories.api_server import ApiServer
from factories.node_root import PROGRAM, NodeRoot

CONFIGURE = """
import dataclasses, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import host_paths, kube_proxy, static_pods
paths = host_paths.HostPaths(Path(sys.argv[2]))
static_pods.API_SERVER = dataclasses.replace(static_pods.API_SERVER, health=sys.argv[3])
static_pods.adopt(paths)
print(",".join([*static_pods.configure(paths, lambda pod, write: write()), *kube_proxy.repair(paths)]))
"""
"""Applies settings; nothing waits for pods, as no kubelet runs here."""
NODE = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "cp1"}}


@pytest.fixture
def node(server: ApiServer, tmp_path: Path) -> NodeRoot:
    """Return a finished control plane whose API server is the tests'."""
    found = NodeRoot(tmp_path)
    found.run_kubeadm()
    shutil.copy(server.kubeconfig, found.root / "etc/kubernetes/admin.conf")
    with server.client() as client:
        client.post("/api/v1/nodes", json=NODE)
    return found


def _configure(server: ApiServer, node: NodeRoot) -> str:
    words = [sys.executable, "-c", CONFIGURE, str(PROGRAM), str(node.root), f"{server.url}/readyz"]
    path = f"{server.kubectl.parent}:{node.environment['BEDPLATE_NODE_PATH']}"
    done = subprocess.run(words, env={"BEDPLATE_NODE_PATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _get(server: ApiServer, path: str) -> Any:
    with server.client() as client:
        return json.loads(client.get(f"{path}").raise_for_status().content)


def test_changed_settings_reach_the_cluster(server: ApiServer, node: NodeRoot) -> None:
    """Nodes that join later get the new settings, and kube-proxy restarts; applied once, they are not applied again."""
    assert "kube-proxy's DaemonSet is missing" in _configure(server, node)
    assert _configure(server, node) == ""
    node.edit_settings("mode: iptables\n", "mode: iptables\nconntrack: {maxPerCore: 1000}\n")
    node.edit_settings("certificateValidityPeriod: 31536000s", "certificateValidityPeriod: 7200s")
    assert _configure(server, node) == "settings,kube-proxy's ConfigMap differs"
    maps = "/api/v1/namespaces/kube-system/configmaps"
    cluster = yaml.safe_load(_get(server, f"{maps}/kubeadm-config")["data"]["ClusterConfiguration"])
    assert cluster["certificateValidityPeriod"] == "2h0m0s"
    kubelet = yaml.safe_load(_get(server, f"{maps}/kubelet-config")["data"]["kubelet"])
    assert kubelet["serverTLSBootstrap"] is True
    proxy = yaml.safe_load(_get(server, f"{maps}/kube-proxy")["data"]["config.conf"])
    assert proxy["conntrack"]["maxPerCore"] == 1000
    template = _get(server, "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy")["spec"]["template"]
    assert "kubectl.kubernetes.io/restartedAt" in template["metadata"]["annotations"]
    assert _configure(server, node) == ""
