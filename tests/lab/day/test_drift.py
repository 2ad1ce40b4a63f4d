"""`bedplate drift` in the lab: changes by others are distinguished from pending ones, and apply reverts them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.config import environments
from factories.running_lab import RunningLab

WORKER, FILE = "worker1", "/etc/containerd/config.toml"
FOREIGN = "core/ConfigMap/monitoring/by-hand"
BY_HAND = {
    ("changed", "core/ResourceQuota/risk-serving/tenant", "spec.hard.pods"),
    ("deleted", "apps/Deployment/monitoring/kube-state-metrics", ""),
    ("deleted", "networking.k8s.io/NetworkPolicy/research/default-deny", ""),
    ("foreign", FOREIGN, ""),
}
"""What these tests do to objects: cause, object and path, as drift must report them."""
PENDING = ("pending", "apps/StatefulSet/monitoring/prometheus")
SAME, DRIFTED = 0, 1


@pytest.fixture(scope="module")
def drift(lab: RunningLab) -> Iterator[dict[str, Any]]:
    """Change the cluster and a host by hand, change the environment, and return the drift."""
    file = lab.lab.environment / environments.ENVIRONMENT
    text = file.read_text()
    _kubectl(lab, "risk-serving", "patch", "resourcequota", "tenant", "--patch", '{"spec":{"hard":{"pods":"99"}}}')
    _kubectl(lab, "monitoring", "delete", "deployment", "kube-state-metrics")
    _kubectl(lab, "research", "delete", "networkpolicy", "default-deny")
    _kubectl(lab, "monitoring", "create", "configmap", "by-hand")
    _kubectl(lab, "monitoring", "label", "configmap", "by-hand", "bedplate.dev/component=prometheus")
    lab.at(WORKER, "sh", "-c", f"echo '# by hand' >>{FILE}")
    file.write_text(text.replace("retention: 2d", "retention: 3d"))
    try:
        yield _drift(lab, DRIFTED)
    finally:
        _kubectl(lab, "monitoring", "delete", "configmap", "by-hand", "--ignore-not-found")
        file.write_text(text)
        lab.answer("apply", lab.lab.name, "--yes")


def test_without_changes_there_is_no_drift(lab: RunningLab) -> None:
    """After an apply, nothing differs: what controllers add and the server fills in is not drift."""
    found = _drift(lab, SAME)
    assert (found["objects"], found["hosts"], found["unknown"]) == ([], [], [])
    assert found["looked"] > 0


def test_changes_by_others_are_distinguished_from_pending_ones(drift: dict[str, Any]) -> None:
    """Objects that were changed, deleted or added by hand are drift; the environment's own change is pending."""
    found = _differences(drift)
    assert {words for words in found if words[0] != PENDING[0]} == BY_HAND
    assert {words[:2] for words in found} - {words[:2] for words in BY_HAND} == {PENDING}


def test_drift_names_who_changed_something(drift: dict[str, Any]) -> None:
    """Drift reports the program and the time of a change, from the API server."""
    (changed,) = (difference for difference in drift["objects"] if difference["cause"] == "changed")
    assert (changed["applied"], changed["live"], changed["by"]) == ("10", "99", "kubectl-patch")
    assert changed["time"]


def test_an_edited_file_of_a_host_is_shown(drift: dict[str, Any]) -> None:
    """The roles' check mode shows the line that an apply would remove."""
    (file,) = (task for task in drift["hosts"] if task["diff"])
    assert file["task"].startswith("containerd: ")
    assert "-# by hand" in file["diff"]
    assert {(task["host"], task["cause"]) for task in drift["hosts"]} == {(WORKER, "changed")}


def test_a_plain_apply_restores_every_object(lab: RunningLab, drift: dict[str, Any]) -> None:
    """Each layer's probe compares all objects: quota, workload and policy are as rendered without --all-steps."""
    assert drift["objects"]
    lab.answer("apply", lab.lab.name, "--yes")
    assert _differences(_drift(lab, DRIFTED, "--no-hosts")) == {("foreign", FOREIGN, "")}


def test_an_apply_of_all_steps_reverts_changes_by_others(lab: RunningLab, drift: dict[str, Any]) -> None:
    """Hosts and objects are as rendered again; an object that others added stays, and is still reported."""
    assert drift["objects"]
    lab.answer("apply", lab.lab.name, "--yes", "--all-steps")
    found = _drift(lab, DRIFTED)
    assert [(difference["cause"], difference["object"]) for difference in found["objects"]] == [
        ("foreign", "core/ConfigMap/monitoring/by-hand")
    ]
    assert found["hosts"] == []


def test_a_deleted_kube_proxy_is_drift_and_comes_back(lab: RunningLab, drift: dict[str, Any]) -> None:
    """Drift names the control plane; a plain apply lets kubeadm create it again, and its pods run."""
    assert drift["objects"]
    _kubectl(lab, "kube-system", "delete", "daemonset", "kube-proxy")
    (task,) = _drift(lab, DRIFTED)["hosts"]
    assert (task["host"], task["cause"]) == ("cp1", "changed")
    assert task["task"] == "control_plane: Compare static pods and kube-proxy with kubeadm's settings"
    assert "control-plane" in lab.answer("apply", lab.lab.name, "--yes")["ran"]
    _kubectl(lab, "kube-system", "rollout", "status", "daemonset/kube-proxy", "--timeout=180s")
    assert _drift(lab, DRIFTED)["hosts"] == []


def _differences(drift: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(difference["cause"], difference["object"], difference["path"]) for difference in drift["objects"]}


def _drift(lab: RunningLab, code: int, *words: str) -> Any:
    done = lab.bedplate("drift", lab.lab.name, *words, "--output", "json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def _kubectl(lab: RunningLab, namespace: str, *words: str) -> None:
    settings = f"/var/lib/bedplate/environments/{lab.lab.name}/pki/admin.conf"
    lab.inside("kubectl", "--kubeconfig", settings, "--namespace", namespace, *words)
