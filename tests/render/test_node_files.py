"""What pods and alerts share with nodes: the network's file on each node, and metrics that a node's program writes."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from bedplate.core import paths
from bedplate.render.rendered import RenderedObject

POLICY_SECONDS = 15
METRIC = re.compile(r"\b(bedplate_\w+)\b")
PROGRAM = paths.SOURCE / "roles/node_maintenance/files/bedplate_node"


def _pod(rendered: list[RenderedObject], name: str) -> dict[str, list[dict[str, str]]]:
    (found,) = [
        one.object for one in rendered if one.object["kind"] == "DaemonSet" and one.object["metadata"]["name"] == name
    ]
    spec: dict[str, list[dict[str, str]]] = found["spec"]["template"]["spec"]
    return spec


class Node:
    """A node's folder of CNI files, and the init container that writes one."""

    def __init__(self, rendered: list[RenderedObject], folder: Path) -> None:
        """Take the script from the rendered DaemonSet, with the paths of this test."""
        (container,) = _pod(rendered, "kube-router")["initContainers"]
        script = container["args"][0]
        self._config, self.file = folder / "cni.json", folder / "10-bedplate.conflist"
        self._script = script.replace("/etc/cni/net.d", str(folder)).replace("/config", str(folder))

    def start(self, config: str) -> None:
        """Run the init container with a ConfigMap."""
        self._config.write_text(config)
        subprocess.run(["sh", "-euc", self._script], check=True)

    def kube_router(self) -> str:
        """Add the node's pod range, as kube-router does, and return the file."""
        self.file.write_text(self.file.read_text().replace("}", ', "subnet": "198.18.128.0/24"}'))
        return self.file.read_text()


@pytest.fixture
def node(rendered: list[RenderedObject], tmp_path: Path) -> Node:
    """Return a node without a CNI file."""
    return Node(rendered, tmp_path)


def test_network_policies_are_restored_within_seconds(rendered: list[RenderedObject]) -> None:
    """A flushed firewall leaves a node without policies for at most 15 s; kube-router's default is five minutes."""
    (container,) = [one for one in _pod(rendered, "kube-router")["containers"] if one["name"] == "kube-router"]
    (period,) = [arg for arg in container["args"] if arg.startswith("--iptables-sync-period=")]
    assert 0 < int(period.partition("=")[2].removesuffix("s")) <= POLICY_SECONDS


def test_a_changed_network_file_reaches_the_node(node: Node) -> None:
    """Another ConfigMap replaces the file; the same one leaves what kube-router added to it."""
    node.start('{"mtu": 1500}')
    assert node.file.read_text() == '{"mtu": 1500}'
    completed = node.kube_router()
    node.start('{"mtu": 1500}')
    assert node.file.read_text() == completed
    node.start('{"mtu": 9000}')
    assert node.file.read_text() == '{"mtu": 9000}'


def test_a_lost_or_older_network_file_is_written_again(node: Node) -> None:
    """A file that was removed, or that an earlier release wrote, is replaced by the release's."""
    node.file.write_text('{"from": "an earlier release"}')
    node.start('{"mtu": 1500}')
    assert node.file.read_text() == '{"mtu": 1500}'
    node.file.unlink()
    node.start('{"mtu": 1500}')
    assert node.file.read_text() == '{"mtu": 1500}'


def test_the_pause_image_is_always_in_use(rendered: list[RenderedObject]) -> None:
    """A container on every node runs the image that each pod needs, so it is never removed from a full disk."""
    images = [container["image"] for container in _pod(rendered, "kube-router")["containers"]]
    assert any(image.startswith("registry.k8s.io/pause:") for image in images)


def test_alerts_use_metrics_that_nodes_write(rendered: list[RenderedObject]) -> None:
    """Every metric of Bedplate's own in an alert is one that the node's program writes where node-exporter reads."""
    rules = (paths.SOURCE / "manifests/prometheus/rules.yaml").read_text()
    expressions = [rule["expr"] for group in yaml.safe_load(rules)["groups"] for rule in group["rules"]]
    used = {name for expression in expressions for name in METRIC.findall(expression)}
    written = set(METRIC.findall((PROGRAM / "host_metrics.py").read_text()))
    assert used == written
    (container,) = _pod(rendered, "node-exporter")["containers"]
    assert "--collector.textfile.directory=/host/root/var/lib/bedplate/metrics" in container["args"]
