"""Drift in a real datacenter: what others changed is told from what the next apply brings, and apply mends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.config import environments
from factories.standing_lab import Standing

WORKER, FILE = "worker1", "/etc/containerd/config.toml"
FOREIGN = "core/ConfigMap/monitoring/by-hand"
BY_HAND = {
    ("changed", "core/ResourceQuota/risk-serving/tenant", "spec.hard.pods"),
    ("deleted", "apps/Deployment/monitoring/kube-state-metrics", ""),
    ("deleted", "networking.k8s.io/NetworkPolicy/research/default-deny", ""),
    ("foreign", FOREIGN, ""),
}
"""What these tests do to objects: cause, object and path, as drift has to say it."""
PENDING = ("pending", "apps/StatefulSet/monitoring/prometheus")
SAME, DRIFTED = 0, 1


@pytest.fixture(scope="module")
def drift(lab: Standing) -> Iterator[dict[str, Any]]:
    """Change the cluster and a host by hand, and the environment, and read the drift."""
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


def test_where_nobody_did_anything_there_is_no_drift(lab: Standing) -> None:
    """After an apply nothing differs: neither what controllers add, nor what the server fills in."""
    found = _drift(lab, SAME)
    assert (found["objects"], found["hosts"], found["unknown"]) == ([], [], [])
    assert found["looked"] > 0


def test_what_others_did_to_objects_is_told_from_what_is_pending(drift: dict[str, Any]) -> None:
    """Each object that was changed, deleted or added by hand is named, and the environment's own change is no drift."""
    found = {(one["cause"], one["object"], one["path"]) for one in drift["objects"]}
    assert {one for one in found if one[0] != PENDING[0]} == BY_HAND
    assert {one[:2] for one in found} - {one[:2] for one in BY_HAND} == {PENDING}


def test_who_did_it_is_said(drift: dict[str, Any]) -> None:
    """The API server knows the program and the time of a change."""
    (changed,) = (one for one in drift["objects"] if one["cause"] == "changed")
    assert (changed["applied"], changed["live"], changed["by"]) == ("10", "99", "kubectl-patch")
    assert changed["time"]


def test_an_edited_file_of_a_host_is_shown(drift: dict[str, Any]) -> None:
    """The roles' check mode shows the line that an apply would take away."""
    (file,) = (one for one in drift["hosts"] if one["diff"])
    assert file["task"].startswith("containerd: ")
    assert "-# by hand" in file["diff"]
    assert {(one["host"], one["cause"]) for one in drift["hosts"]} == {(WORKER, "changed")}


def test_an_apply_brings_back_a_workload_that_was_deleted(lab: Standing, drift: dict[str, Any]) -> None:
    """Its probe fails, so that its layer's step runs without being asked for."""
    lab.answer("apply", lab.lab.name, "--yes")
    left = {(one["cause"], one["object"], one["path"]) for one in _drift(lab, DRIFTED, "--no-hosts")["objects"]}
    assert left <= {(one["cause"], one["object"], one["path"]) for one in drift["objects"]}
    assert ("deleted", "apps/Deployment/monitoring/kube-state-metrics", "") not in left


def test_an_apply_of_all_steps_mends_what_is_ours(lab: Standing, drift: dict[str, Any]) -> None:
    """Hosts and objects are as they are rendered again; what others added under our label stays, and is still named."""
    assert drift["objects"]
    lab.answer("apply", lab.lab.name, "--yes", "--all-steps")
    found = _drift(lab, DRIFTED)
    assert [(one["cause"], one["object"]) for one in found["objects"]] == [
        ("foreign", "core/ConfigMap/monitoring/by-hand")
    ]
    assert found["hosts"] == []


def _drift(lab: Standing, code: int, *words: str) -> Any:
    done = lab.bedplate("drift", lab.lab.name, *words, "--output", "json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def _kubectl(lab: Standing, namespace: str, *words: str) -> None:
    settings = f"/var/lib/bedplate/{lab.lab.name}/pki/admin.conf"
    lab.inside("kubectl", "--kubeconfig", settings, "--namespace", namespace, *words)
