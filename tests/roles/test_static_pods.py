"""Restarts of a control plane's static pods after a renewal or a change of settings, without a kubelet."""

from __future__ import annotations

import json
import subprocess
import sys

import yaml

from factories.node_root import PROGRAM, NodeRoot

RESTART = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import host_paths, static_pods
names = []
def restart(pod, write):
    names.append(pod.name)
    if pod.name == sys.argv[3]:
        sys.exit(json.dumps(names))
    write()
paths = host_paths.HostPaths(Path(sys.argv[2]))
static_pods.restart_changed(paths, restart)
print(json.dumps(names))
"""
"""Restarts pods, without a kubelet; it is killed before a pod's manifest is written if a name is given."""

CONFIGURE = """
static_pods._upload = lambda paths: names.append("uploaded")
static_pods.configure(paths, restart)
"""
"""Applies settings; there is no API server to upload them to."""


def _restarted(node: NodeRoot, killed_at: str = "") -> list[str]:
    words = [sys.executable, "-c", RESTART, str(PROGRAM), str(node.root), killed_at]
    done = subprocess.run(words, env=node.environment, capture_output=True, text=True, check=False)
    names: list[str] = json.loads(done.stderr if killed_at else done.stdout)
    return names


def _annotations(node: NodeRoot) -> dict[str, str]:
    folder = node.root / "etc/kubernetes/manifests"
    pods = {path.stem: yaml.safe_load(path.read_text())["metadata"] for path in folder.glob("*.yaml")}
    return {name: pod.get("annotations", {}).get("bedplate.dev/certificates", "") for name, pod in pods.items()}


def test_only_pods_with_other_certificates_restart_one_after_the_other(node: NodeRoot) -> None:
    """Etcd comes first; a pod whose certificates stay is left alone; a kill in between is made up for."""
    assert _restarted(node) == []
    assert set(_annotations(node).values()) == {""}
    for name in ("scheduler.conf", "apiserver", "etcd/peer"):
        node.certificate(name).unlink()
    node.renew()
    assert _restarted(node, killed_at="kube-apiserver") == ["etcd", "kube-apiserver"]
    assert {name for name, value in _annotations(node).items() if value} == {"etcd"}
    assert _restarted(node) == ["kube-apiserver", "kube-scheduler"]
    before = _annotations(node)
    assert {name for name, value in before.items() if value} == {"etcd", "kube-apiserver", "kube-scheduler"}
    assert _restarted(node) == []
    node.certificate("apiserver").unlink()
    node.renew()
    assert _restarted(node) == ["kube-apiserver"]
    after = _annotations(node)
    assert {name for name in after if after[name] != before[name]} == {"kube-apiserver"}
    manifest = yaml.safe_load((node.root / "etc/kubernetes/manifests/kube-apiserver.yaml").read_text())
    assert manifest["spec"]["hostNetwork"] is True


def test_settings_reach_the_pods_that_they_are_about(node: NodeRoot) -> None:
    """A new argument of the API server restarts it alone, and certificates' marks of other pods stay."""
    node.edit_settings("apiServer:\n", "apiServer:\n  # bank\n")
    node.edit_settings(
        "  extraArgs:\n    # Kubelets'", "  extraArgs:\n    - {name: profiling, value: 'false'}\n    # Kubelets'"
    )
    code = RESTART.replace("static_pods.restart_changed(paths, restart)", CONFIGURE)
    words = [sys.executable, "-c", code, str(PROGRAM), str(node.root), ""]
    done = subprocess.run(words, env=node.environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["kube-apiserver", "uploaded"]
    manifest = yaml.safe_load((node.root / "etc/kubernetes/manifests/kube-apiserver.yaml").read_text())
    assert "--profiling=false" in manifest["spec"]["containers"][0]["command"]
    done = subprocess.run(words, env=node.environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_kube_proxy_is_left_alone_without_an_api_server(node: NodeRoot) -> None:
    """A control plane that is down is repaired first; the command exists, as `apply` and drift ask for it."""
    assert node.bedplate_node("compare").stdout == "unchanged\n"


def test_a_manifest_that_is_lost_or_edited_is_named(node: NodeRoot) -> None:
    """`apply` asks for it, and writes again what kubeadm makes of its settings; other pods are left alone."""
    folder = node.root / "etc/kubernetes/manifests"
    before = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "kube-scheduler.yaml").unlink()
    edited = before["kube-apiserver.yaml"].replace("--authorization-mode=Node,RBAC", "--authorization-mode=AlwaysAllow")
    (folder / "kube-apiserver.yaml").write_text(edited)
    found = node.bedplate_node("compare").stdout.splitlines()
    assert found == ["kube-apiserver's manifest differs", "kube-scheduler's manifest differs"]
    code = RESTART.replace("static_pods.restart_changed(paths, restart)", CONFIGURE)
    words = [sys.executable, "-c", code, str(PROGRAM), str(node.root), ""]
    done = subprocess.run(words, env=node.environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == ["kube-apiserver", "kube-scheduler"]
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert node.bedplate_node("compare").stdout == "unchanged\n"


def test_etcd_may_grow_to_its_limit(node: NodeRoot) -> None:
    """Its limit is 8 GiB, of which the alert EtcdFilling speaks; by default it refuses every change from 2 GiB on."""
    manifest = yaml.safe_load((node.root / "etc/kubernetes/manifests/etcd.yaml").read_text())
    assert f"--quota-backend-bytes={8 << 30}" in manifest["spec"]["containers"][0]["command"]
