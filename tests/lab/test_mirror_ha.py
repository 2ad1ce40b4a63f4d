"""Replicas of the mirror in a real datacenter: with the bastion's mirror down, every node still pulls."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from standing import Standing

from bedplate import environments
from bedplate.tools import ssh

MIRROR = ("nginx.service", "bedplate-registry.service")
SETTING = "mirror: {replicas: control_plane}\n"


@pytest.fixture(scope="module")
def replicated(lab: Standing) -> Iterator[Standing]:
    """Let the control plane keep all images, and afterwards the environment be as it was."""
    file = lab.lab.environment / environments.ENVIRONMENT
    before = file.read_text()
    file.write_text(before + SETTING)
    assert lab.bedplate("apply", lab.lab.name, "--yes").returncode == 0
    yield lab
    file.write_text(before)
    assert lab.bedplate("apply", lab.lab.name, "--yes").returncode == 0


def test_losing_the_bastion_s_mirror_loses_no_pull(replicated: Standing) -> None:
    """An image that a node does not have any more comes from the replica, under its upstream name."""
    nodes = [host for host in replicated.site.hosts if "bastion" not in host.groups]
    images = [_pause(replicated, node.name) for node in nodes]
    assert len(images) >= 2
    replicated.inside("systemctl", "stop", *MIRROR)
    try:
        for node, image in zip(nodes, images, strict=True):
            target = ssh.host(replicated.site, node)
            ssh.run(target, ["ctr", "-n", "pulls", "images", "pull", "--hosts-dir", "/etc/containerd/certs.d", image])
            ssh.run(target, ["ctr", "-n", "pulls", "images", "remove", image])
    finally:
        replicated.inside("systemctl", "start", *reversed(MIRROR))


def test_replica_is_brought_once(replicated: Standing) -> None:
    """A second apply with every step changes nothing on the replica."""
    found = replicated.answer("apply", replicated.lab.name, "--yes", "--all-steps")
    assert {step: changed for step, changed in found["ran"].items() if changed} == {}


def _pause(lab: Standing, node: str) -> str:
    """Return the name of an image that every node has pulled."""
    host = next(host for host in lab.site.hosts if host.name == node)
    listed = ssh.run(ssh.host(lab.site, host), ["ctr", "-n", "k8s.io", "images", "list", "--quiet"]).stdout.decode()
    return next(line for line in listed.splitlines() if "/pause:" in line)
