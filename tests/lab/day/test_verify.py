"""The acceptance run while people work: green, harmless and silent about them; and with a node in trouble."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bedplate.acceptance.cluster_client import wait
from bedplate.remote import bastion
from factories.lab_users import as_user, wait_for_login
from factories.running_lab import RunningLab

USER, NAMESPACE = "administrator", "research"
GONE_SECONDS = 60
PROGRAM = """
import sys
from pathlib import Path
from bedplate.acceptance.hub_client import HubUser
page, authority, name, password, word = sys.argv[1:]
user = HubUser(page, Path(authority), name)
assert user.login(password)
user.take_token()
if word == "start":
    user.start({"namespace": "research", "size": "small", "volume": "1Gi"})
    print(user.run_cell("open('work.txt', 'w').write('unsaved'); print('at work')"))
elif word == "look":
    print(user.run_cell("print(open('work.txt').read())"))
else:
    user.stop()
"""
"""A user of the notebooks' page, in the bastion's own installer."""
WAITING: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "waiting", "namespace": NAMESPACE},
    "spec": {
        "containers": [
            {
                "name": "one",
                "image": "registry.k8s.io/no-such-image:v1",
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
    },
}
LOOK_UP = "import socket\ntry:\n    socket.gethostbyname('pypi.invalid')\nexcept OSError:\n    pass\nprint('refused')"


def _user(lab: RunningLab, word: str) -> str:
    return as_user(lab, PROGRAM, USER, _password(lab), word)


def _password(lab: RunningLab) -> str:
    return lab.inside("cat", f"{lab.site.state}/secrets/accounts/{USER}.password").strip()


def _kubectl(lab: RunningLab, *words: str) -> str:
    return lab.inside("kubectl", "--kubeconfig", f"{lab.site.state}/pki/admin.conf", *words)


def _pods(lab: RunningLab) -> dict[str, str]:
    """Return all pods of tenants' namespaces, with their identities."""
    items = json.loads(_kubectl(lab, "get", "pods", "-A", "-o", "json"))["items"]
    names = {one.name for tenant in lab.site.environment.tenants for one in tenant.namespaces}
    return {one["metadata"]["name"]: one["metadata"]["uid"] for one in items if one["metadata"]["namespace"] in names}


@pytest.fixture(scope="module")
def busy(lab: RunningLab) -> Iterator[RunningLab]:
    """Let a user run a notebook, which looks up an outside name, and let another pod wait for an image."""
    text = json.dumps(WAITING)
    # Another test may just have changed the hub's users file.
    assert wait_for_login(lab, USER, _password(lab), wanted=True)
    assert "at work" in _user(lab, "start")
    try:
        lab.inside("sh", "-c", f"echo '{text}' | kubectl --kubeconfig {lab.site.state}/pki/admin.conf create -f -")
        (pod,) = [name for name in _pods(lab) if name.startswith("notebook-")]
        python = "/opt/bedplate/python/bin/python3"
        assert "refused" in _kubectl(lab, "exec", "-n", NAMESPACE, pod, "--", python, "-c", LOOK_UP)
        yield lab
    finally:
        _kubectl(lab, "delete", "pod", "waiting", "-n", NAMESPACE, "--ignore-not-found", "--grace-period=1")
        _user(lab, "stop")


@pytest.fixture(scope="module")
def report(busy: RunningLab) -> dict[str, Any]:
    """Return the result of an acceptance run while the user works; it must be green."""
    before = _pods(busy)
    done = busy.bedplate("verify", busy.lab.name, "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _pods(busy) == before
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_verify_is_green_while_a_user_works(report: dict[str, Any]) -> None:
    """Every check passes and none is skipped; the user's lookup of an outside name is a number in the report."""
    assert (report["green"], report["failed"], report["skipped"], report["not_tested"]) == (True, 0, 0, {})
    facts = {check["id"]: check["facts"] for check in report["checks"]}
    assert facts["coredns/nobody_asked_for_an_outside_name"]["external_names_of_users"] > 0


def test_verify_leaves_the_users_work_alone(busy: RunningLab, report: dict[str, Any]) -> None:
    """The user's server still runs, and has the user's file."""
    assert report["green"]
    assert "unsaved" in _user(busy, "look")


def test_verify_prints_nothing_of_the_user(busy: RunningLab, report: dict[str, Any]) -> None:
    """Neither the report nor the log has the token of the user's server or the name of its pod."""
    newest = max(bastion.reports_folder(busy.lab.name).iterdir())
    written = "".join(path.read_text() for path in Path(newest).iterdir() if path.is_file())
    (pod,) = [name for name in _pods(busy) if name.startswith("notebook-")]
    token = _kubectl(busy, "exec", "-n", NAMESPACE, pod, "--", "printenv", "JUPYTERHUB_API_TOKEN").strip()
    assert report["green"]
    assert token
    assert token not in written
    assert pod not in written


def test_verify_leaves_nothing(busy: RunningLab, report: dict[str, Any]) -> None:
    """After the run, its namespaces have no pods, volumes and labelled objects, and its own namespace is gone."""
    assert report["green"]
    labelled = ("get", "pods,configmaps,namespaces", "-A", "-l", "bedplate.dev/acceptance", "-o", "name")
    wait(lambda: _kubectl(busy, *labelled) == "", "the run's namespace", GONE_SECONDS, "is still there")
    for namespace in ("bedplate-acceptance", "bedplate-acceptance-other"):
        assert _kubectl(busy, "get", "pods,persistentvolumeclaims", "-n", namespace, "-o", "name") == ""
    assert "acceptance-" not in busy.at("worker1", "ctr", "namespaces", "ls", "-q")


def test_what_is_broken_is_found(lab: RunningLab) -> None:
    """A replaced program that still runs, and namespaces without policies, where packets pass, fail their checks."""
    program = "/usr/sbin/chronyd"
    lab.at("worker1", "sh", "-c", f"cp {program} {program}.new && mv {program}.new {program}")
    _kubectl(lab, "delete", "networkpolicies", "--all", "-n", "bedplate-acceptance")
    try:
        done = lab.bedplate("verify", lab.lab.name, "--output", "json")
    finally:
        lab.at("worker1", "systemctl", "restart", "chrony")
        lab.answer("apply", lab.lab.name, "--yes", "--all-steps")
    found = json.loads(done.stdout)
    failed = {check["id"]: check["detail"] for check in found["checks"] if check["outcome"] == "failed"}
    assert done.returncode == 1
    assert (
        f"worker1: chrony.service: runs {program} (deleted)" in failed["hosts/running_programs_are_the_installed_ones"]
    )
    assert "connects" in failed["tenants/namespaces_are_isolated"]
    assert "a notebook" in failed["tenants/a_notebook_is_reached_by_hub_and_owner_only"]
    assert "a kubelet" in failed["tenants/a_notebook_reaches_the_hub_and_nothing_else"]
    assert failed.keys() <= {*found["comparison"]["worse"], *found["comparison"]["new"]}
