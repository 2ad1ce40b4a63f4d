"""Replicas of the mirror in the lab: nodes can pull images while the bastion is down."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from bedplate.config import environments
from factories.running_lab import RunningLab

MIRROR = ("nginx.service", "bedplate-registry.service")
NODES = ("cp1", "worker1")
SETTING = "mirror: {replicas: control_plane}\n"


@pytest.fixture(scope="module")
def replicated(lab: RunningLab) -> Iterator[RunningLab]:
    """Let the control plane keep all images; restore the environment after the tests."""
    _apply(lab, lab.lab.environment.joinpath(environments.ENVIRONMENT).read_text() + SETTING)
    yield lab
    _apply(lab, _without(lab))


@contextmanager
def _stopped(lab: RunningLab) -> Iterator[None]:
    """Stop the bastion's mirror, so that it refuses connections."""
    lab.inside("systemctl", "stop", *MIRROR)
    try:
        yield
    finally:
        lab.inside("systemctl", "start", *reversed(MIRROR))


@contextmanager
def _frozen(lab: RunningLab) -> Iterator[None]:
    """Freeze the bastion, so that connections to it hang."""
    container = lab.lab.container("bastion")
    subprocess.run(["podman", "pause", container], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["podman", "unpause", container], check=True, capture_output=True)


@pytest.mark.parametrize("lost", [_stopped, _frozen])
def test_losing_the_bastion_loses_no_pull(
    replicated: RunningLab, lost: Callable[[RunningLab], AbstractContextManager[None]]
) -> None:
    """A node pulls an image that it never had from the replica, under its upstream name."""
    held = {node: _images(replicated, node) for node in NODES}
    with lost(replicated):
        for node, other in zip(NODES, reversed(NODES), strict=True):
            image = min(held[other] - held[node])
            _ctr(replicated, node, "images", "pull", "--hosts-dir", "/etc/containerd/certs.d", image)
            assert image in _images(replicated, node, "pulls")
            _ctr(replicated, node, "images", "remove", "--sync", image)


def test_a_second_apply_changes_nothing_on_a_replica(replicated: RunningLab) -> None:
    """An apply of all steps changes nothing on the replica."""
    found = replicated.answer("apply", replicated.lab.name, "--yes", "--all-steps")
    assert {step: changed for step, changed in found["ran"].items() if changed} == {}


def test_without_replicas_the_node_serves_nothing(replicated: RunningLab) -> None:
    """If the environment has no replicas any more, services, settings, key and images are removed."""
    _apply(replicated, _without(replicated))
    gone = ("/etc/systemd/system/bedplate-registry.service", "/etc/bedplate/mirror.key", "/var/lib/bedplate/mirror")
    script = f"ls -d {' '.join(gone)}; systemctl is-active nginx"
    assert replicated.at(NODES[0], "sh", "-c", script, check=False) == "inactive\n"


def _apply(lab: RunningLab, environment: str) -> None:
    """Apply an environment.yaml with this text."""
    (lab.lab.environment / environments.ENVIRONMENT).write_text(environment)
    done = lab.bedplate("apply", lab.lab.name, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr


def _without(lab: RunningLab) -> str:
    return (lab.lab.environment / environments.ENVIRONMENT).read_text().replace(SETTING, "")


def _images(lab: RunningLab, node: str, namespace: str = "k8s.io") -> set[str]:
    """Return the images of a node by name and digest, or by the tag of the request."""
    names = _ctr(lab, node, "images", "list", "--quiet", namespace=namespace).splitlines()
    return {name for name in names if "/" in name}


def _ctr(lab: RunningLab, node: str, *words: str, namespace: str = "pulls") -> str:
    return lab.at(node, "ctr", "-n", namespace, *words)
