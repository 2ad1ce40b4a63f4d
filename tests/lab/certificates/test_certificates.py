"""Certificates of ten minutes in the lab: they renew themselves, and `apply` repairs a cluster after their end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from bedplate.config import environments
from bedplate.core.errors import BedplateError
from factories.running_lab import RunningLab

TEN_MINUTES = 'certificates: {validity: 10m, renewBefore: 5m, schedule: "*:*:00"}\n'
NODES = ("cp1", "worker1")
PKI = "/etc/kubernetes/pki"
SERVING = "/var/lib/kubelet/pki/kubelet-server-current.pem"
TIMERS = ("bedplate-certificates.timer", "bedplate-kubelet-requests.timer")
LEAVES = " ".join(
    [
        *(f"{PKI}/{name}.crt" for name in ("apiserver", "apiserver-etcd-client", "apiserver-kubelet-client")),
        *(
            f"{PKI}/{name}.crt"
            for name in ("front-proxy-client", "etcd/server", "etcd/peer", "etcd/healthcheck-client")
        ),
        *(f"/etc/kubernetes/{name}.conf" for name in ("admin", "controller-manager", "scheduler")),
    ]
)
CALLS = """
end=$(($(date +%s) + $1)); good=$(date +%s); worst=0
while [ "$(date +%s)" -lt "$end" ]; do
    kubectl --kubeconfig "$2" --request-timeout=5s get --raw /readyz >/dev/null 2>&1 && good=$(date +%s)
    away=$(($(date +%s) - good)); [ "$away" -gt "$worst" ] && worst=$away
    sleep 1
done
echo "$worst"
"""
"""Calls the API for some seconds, and prints for how many seconds in a row it was away."""
WINDOW_SECONDS, MOST_SECONDS_AWAY = 180, 120


def _identity(lab: RunningLab) -> str:
    """Return what only another cluster would change."""
    namespace = _get(lab, "namespace", "kube-system")
    return str(namespace["metadata"]["uid"])


def _get(lab: RunningLab, *words: str) -> Any:
    """Ask the API server, which a renewal may just be restarting; any command fetches a renewed kubeconfig."""
    end = time.monotonic() + MOST_SECONDS_AWAY
    while True:
        try:
            return json.loads(lab.inside("kubectl", "--kubeconfig", _kubeconfig(lab), "get", *words, "-o", "json"))
        except BedplateError:
            if time.monotonic() > end:
                raise
            lab.bedplate("status", lab.lab.name)
            time.sleep(3)


def _kubeconfig(lab: RunningLab) -> str:
    return str(lab.site.state / "pki/admin.conf")


def _serial(lab: RunningLab, machine: str, path: str) -> str:
    return lab.at(machine, "openssl", "x509", "-noout", "-serial", "-in", path)


def _ready(lab: RunningLab) -> dict[str, str]:
    """Return the state of each node, once the API server answers."""
    _get(lab, "nodes")
    nodes: dict[str, str] = lab.answer("status", lab.lab.name)["nodes"]
    return nodes


def _apply(lab: RunningLab, *options: str) -> None:
    done = lab.bedplate("apply", lab.lab.name, "--yes", *options)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("lost", ["/etc/kubernetes/admin.conf", "/etc/bedplate/control-plane.made"])
def test_a_finished_control_plane_is_never_reset(lab: RunningLab, lost: str) -> None:
    """Without admin.conf, or without the stamp, two applies repair the control plane, and it is the same cluster."""
    before, data = _identity(lab), lab.at("cp1", "stat", "-c", "%i %W", "/var/lib/etcd/member")
    lab.at("cp1", "rm", lost)
    for _ in range(2):
        _apply(lab, "--all-steps")
    assert lab.at("cp1", "test", "-e", lost) == ""
    assert (_identity(lab), lab.at("cp1", "stat", "-c", "%i %W", "/var/lib/etcd/member")) == (before, data)


def test_a_control_plane_without_its_authority_is_refused(lab: RunningLab) -> None:
    """Nothing is reset or signed: the run names the missing file, and works again once it is restored."""
    lab.at("cp1", "mv", f"{PKI}/ca.key", "/root/ca.key")
    lab.at("cp1", "mv", "/etc/kubernetes/admin.conf", "/root/admin.conf")
    try:
        done = lab.bedplate("apply", lab.lab.name, "--yes", "--all-steps")
        assert done.returncode == 1
        assert "lacks ca.key, so certificates cannot be renewed here; restore it from a backup" in done.stderr
    finally:
        lab.at("cp1", "mv", "/root/ca.key", f"{PKI}/ca.key")
        lab.at("cp1", "mv", "/root/admin.conf", "/etc/kubernetes/admin.conf")
    _apply(lab, "--all-steps")


def test_a_worker_that_lost_its_kubeconfig_logs_in_again(lab: RunningLab) -> None:
    """Its kubelet gets a new certificate with a token; the node's pods were not touched."""
    pods = lab.at("worker1", "ctr", "-n", "k8s.io", "tasks", "ls", "-q")
    lab.at("worker1", "rm", "/etc/kubernetes/kubelet.conf")
    lab.at("worker1", "systemctl", "restart", "kubelet", check=False)
    _apply(lab, "--all-steps")
    assert _ready(lab) == dict.fromkeys(NODES, "Ready")
    assert set(pods.split()) <= set(lab.at("worker1", "ctr", "-n", "k8s.io", "tasks", "ls", "-q").split())
    assert lab.at("worker1", "sh", "-c", "ls /etc/kubernetes/bootstrap-kubelet.conf 2>&1", check=False).endswith(
        "No such file or directory\n"
    )


@pytest.fixture(scope="module")
def short(lab: RunningLab) -> Iterator[RunningLab]:
    """Let all certificates last for ten minutes; restore the environment after the tests."""
    file = lab.lab.environment / environments.ENVIRONMENT
    text = file.read_text()
    file.write_text(text + TEN_MINUTES)
    _apply(lab)
    lab.at("cp1", "sh", "-c", f"rm {LEAVES}")
    lab.at("cp1", "bedplate-node", "renew")
    for node in NODES:
        lab.at(node, "sh", "-c", f"rm $(readlink -f {SERVING}) {SERVING} && systemctl restart kubelet")
    _apply(lab, "--all-steps")
    yield lab
    file.write_text(text)
    _apply(lab)
    assert min(end["days_left"] for end in _renewed(lab)) > 300


def _renewed(lab: RunningLab) -> list[dict[str, Any]]:
    """Return when the certificates end that the control plane renews."""
    ends = lab.answer("status", lab.lab.name)["certificates"]
    return [end for end in ends if end["host"] == "cp1" and not end["name"].startswith(("kubelet", "super-admin"))]


def test_changed_settings_reach_the_running_control_plane(short: RunningLab) -> None:
    """The controller manager runs with the new period, and the cluster's own copy of the settings has it."""
    arguments = short.at("cp1", "sh", "-c", "cat /proc/$(pidof kube-controller-manager)/cmdline | tr '\\0' '\\n'")
    assert "--cluster-signing-duration=600s" in arguments.split()
    settings = _get(short, "--namespace=kube-system", "configmap", "kubeadm-config")["data"]["ClusterConfiguration"]
    assert "certificateValidityPeriod: 10m0s" in settings
    limits = json.loads(
        short.inside(
            "kubectl", "--kubeconfig", _kubeconfig(short), "get", "--raw", "/api/v1/nodes/worker1/proxy/configz"
        )
    )["kubeletconfig"]
    assert (limits["podPidsLimit"], limits["kubeReserved"]["memory"]) == (4096, "256Mi")


def test_a_version_is_not_changed_in_passing(short: RunningLab) -> None:
    """Settings with another version are refused before any pod changes."""
    before = short.at("cp1", "sh", "-c", "cat /etc/kubernetes/manifests/*")
    script = "sed -i 's/^kubernetesVersion: .*/kubernetesVersion: v1.34.9/' /etc/bedplate/kubeadm.yaml"
    short.at("cp1", "sh", "-c", f"cp /etc/bedplate/kubeadm.yaml /root/ && {script}")
    try:
        said = short.at("cp1", "sh", "-c", "bedplate-node configure 2>&1", check=False)
        assert "cannot upgrade a running cluster yet" in said
    finally:
        short.at("cp1", "cp", "/root/kubeadm.yaml", "/etc/bedplate/kubeadm.yaml")
    assert short.at("cp1", "sh", "-c", "cat /etc/kubernetes/manifests/*") == before


def test_certificates_renew_themselves_while_clients_call(short: RunningLab) -> None:
    """In eighteen minutes each certificate is renewed twice; the API is never away for long, and nobody asks."""
    files = {"cp1": f"{PKI}/apiserver.crt", "worker1": SERVING}
    seen = {machine: {_serial(short, machine, path)} for machine, path in files.items()}
    for _ in range(6):
        assert _ready(short)
        assert int(short.inside("sh", "-c", CALLS, "sh", str(WINDOW_SECONDS), _kubeconfig(short))) < MOST_SECONDS_AWAY
        for machine, path in files.items():
            seen[machine].add(_serial(short, machine, path))
    assert {machine: len(serials) >= 3 for machine, serials in seen.items()} == dict.fromkeys(seen, True)
    assert _ready(short) == dict.fromkeys(NODES, "Ready")
    pods = _get(short, "pods", "--all-namespaces", "--field-selector=spec.nodeName=worker1")["items"]
    pod = next(one for one in pods if one["status"]["phase"] == "Running")
    words = ("logs", "--namespace", pod["metadata"]["namespace"], pod["metadata"]["name"], "--all-containers")
    short.inside("kubectl", "--kubeconfig", _kubeconfig(short), *words, "--tail=1")


def test_apply_repairs_a_cluster_whose_certificates_have_ended(short: RunningLab) -> None:
    """With the timers and kubelets stopped for longer than certificates last, one plain apply repairs all of it."""
    before = _identity(short)
    for node in NODES:
        short.at(node, "systemctl", "stop", *TIMERS, "kubelet", check=False)
    time.sleep(11 * 60)
    done = short.at("cp1", "sh", "-c", "kubectl --kubeconfig /etc/kubernetes/admin.conf get nodes 2>&1", check=False)
    assert "expired" in done or "certificate" in done
    _apply(short)
    assert _ready(short) == dict.fromkeys(NODES, "Ready")
    assert _identity(short) == before
    assert min(end["days_left"] for end in _renewed(short)) > 0
    for timer in TIMERS:
        assert short.at("cp1", "systemctl", "is-active", timer) == "active\n"
