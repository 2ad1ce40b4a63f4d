"""A tenant that is removed from the lab: its rights and pods go, its volumes stay, and nothing can run there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.config import environments
from factories.running_lab import RunningLab

NAME = "leaving"
TENANT = {
    "name": NAME,
    "owner": "leaving@lab.bedplate.test",
    "groups": {"users": ["leavers"]},
    "namespaces": [{"name": NAME, "quota": {"cpu": "1", "memory": "1Gi", "storage": "1Gi", "pods": 5}}],
}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data", "namespace": NAME},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
}


@pytest.fixture(scope="module")
def removed(lab: RunningLab) -> Iterator[RunningLab]:
    """Add a tenant with a volume and a Deployment, and remove it from environment.yaml."""
    file = lab.lab.environment / environments.ENVIRONMENT
    text = file.read_text()
    file.write_text(text.replace("tenants:\n", f"tenants:\n  - {json.dumps(TENANT)}\n", 1))
    try:
        lab.answer("apply", lab.lab.name, "--yes")
        _kubectl(lab, "create", "rolebinding", "own", "--clusterrole=edit", "--user=someone")
        _kubectl(lab, "create", "deployment", "web", "--image=example.test/none:1")
        lab.at("bastion", "sh", "-c", f"echo '{json.dumps(CLAIM)}' | kubectl --kubeconfig {_settings(lab)} create -f -")
        file.write_text(text)
        lab.answer("apply", lab.lab.name, "--yes")
        yield lab
    finally:
        file.write_text(text)
        _kubectl(lab, "delete", "namespace", NAME, "--ignore-not-found", "--wait=false")


def test_rights_and_pods_are_gone(removed: RunningLab) -> None:
    """No binding is left, also not one that the tenant made, and no workload."""
    assert [_names(removed, kind) for kind in ("rolebindings", "deployments", "pods")] == [[], [], []]


def test_data_stays(removed: RunningLab) -> None:
    """The namespace and its volume stay until an administrator deletes them."""
    assert _names(removed, "pvc") == ["data"]


def test_nothing_can_run_there(removed: RunningLab) -> None:
    """A quota of no pods and a policy that denies everything are left, and drift finds nothing."""
    assert _names(removed, "resourcequotas") == _names(removed, "networkpolicies") == ["bedplate-removed"]
    assert removed.answer("drift", removed.lab.name, "--no-hosts")["objects"] == []


def _settings(lab: RunningLab) -> str:
    return f"{lab.site.state}/pki/admin.conf"


def _kubectl(lab: RunningLab, *words: str) -> str:
    return lab.inside("kubectl", "--kubeconfig", _settings(lab), "--namespace", NAME, *words)


def _names(lab: RunningLab, kind: str) -> list[str]:
    found: list[dict[str, Any]] = json.loads(_kubectl(lab, "get", kind, "-o", "json"))["items"]
    return [one["metadata"]["name"] for one in found]
