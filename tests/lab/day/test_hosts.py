"""Hosts in the lab: what is changed there is restored by one apply, and a dead worker stops nothing."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bedplate.config import environments
from factories.lab_users import set_user, wait_for_login
from factories.running_lab import RunningLab

WORKER = "worker1"
TABLE = ("nft", "list", "table", "inet", "bedplate_audit")
POLICIES, SERVICES = ("nft", "list", "table", "ip", "filter"), ("nft", "list", "table", "ip", "nat")
HEAL_SECONDS, POLICY_SECONDS, SERVICE_SECONDS = 15, 30, 90
"""kube-router restores policies every 15 s, kube-proxy looks for its rules every 30 s; a lab is slow."""
USERS = "/etc/bedplate/more-users.yaml"
NAME, PASSWORD = "grace", "correct horse battery staple"
BY_HAND = """
sed -i '/BEGIN Bedplate/,/END Bedplate/d' /etc/hosts
echo '# by hand' >>/etc/containerd/config.toml
systemctl disable --quiet --now bedplate-audit.service
nft delete table inet bedplate_audit
"""


def test_one_plain_apply_restores_a_host(lab: RunningLab) -> None:
    """The block in /etc/hosts, a file, a unit and the audit's rules are back, and there is no drift."""
    lab.at(WORKER, "sh", "-c", BY_HAND)
    assert lab.answer("apply", lab.lab.name, "--yes")["ran"]["hosts"] > 0
    assert lab.at(WORKER, "systemctl", "is-active", "bedplate-audit.service") == "active\n"
    assert lab.bedplate("drift", lab.lab.name).returncode == 0
    assert lab.answer("apply", lab.lab.name, "--yes")["ran"] == {}


def test_the_audit_heals_itself(lab: RunningLab) -> None:
    """Rules that a firewall's reload removed are back within seconds, without an apply."""
    lab.at(WORKER, "nft", "delete", "table", "inet", "bedplate_audit")
    assert _holds_within(HEAL_SECONDS, lambda: 'counter name "outside"' in lab.at(WORKER, *TABLE, check=False))
    assert lab.answer("apply", lab.lab.name, "--yes")["ran"] == {}


def test_network_policies_come_back_by_themselves(lab: RunningLab) -> None:
    """After `nft flush ruleset`, kube-router and kube-proxy write their rules again, without an apply."""
    assert _policy_chains(lab) > 0
    lab.at(WORKER, "nft", "flush", "ruleset")
    assert _holds_within(POLICY_SECONDS, lambda: _policy_chains(lab) > 0)
    assert _holds_within(SERVICE_SECONDS, lambda: "jump KUBE-SVC" in lab.at(WORKER, *SERVICES, check=False))
    assert _holds_within(HEAL_SECONDS, lambda: 'counter name "outside"' in lab.at(WORKER, *TABLE, check=False))
    assert lab.answer("apply", lab.lab.name, "--yes")["ran"] == {}


def _policy_chains(lab: RunningLab) -> int:
    """Return how many pods of the worker have their policies; 0 if packets do not reach them."""
    rules = lab.at(WORKER, *POLICIES, check=False)
    return len(set(re.findall(r"chain (KUBE-POD-FW-\w+)", rules))) if "jump KUBE-ROUTER-FORWARD" in rules else 0


def _holds_within(seconds: float, condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


@pytest.fixture
def frozen(lab: RunningLab) -> Iterator[RunningLab]:
    """Freeze the worker, as if its disk were gone, and add a user meanwhile; undo both afterwards."""
    file = lab.lab.environment / environments.ENVIRONMENT
    text = file.read_text()
    set_user(lab, USERS, NAME, PASSWORD)
    file.write_text(f"{text}identity: {{users: {USERS}}}\n")
    _podman(lab, "pause")
    try:
        yield lab
    finally:
        _podman(lab, "unpause")
        file.write_text(text)
        lab.answer("apply", lab.lab.name, "--yes")
        lab.inside("rm", "-f", USERS)


def test_a_dead_worker_stops_nothing(frozen: RunningLab) -> None:
    """A user is added while it is dead, with exit code 1; it is 0 once the worker is in maintenance, or is back.

    The hub's volume is on the lab's only worker, so the user logs in once that is back, before another apply.
    """
    name, file = frozen.lab.name, frozen.lab.environment / environments.HOSTS
    found = _apply(frozen, 1)
    assert found["silent"] == [WORKER]
    assert {"trust", "layer-notebooks"} <= found["ran"].keys()
    text = file.read_text()
    file.write_text(f"{text}    maintenance:\n      hosts:\n        {WORKER}:\n")
    try:
        assert _apply(frozen, 0)["passed_by"] == {WORKER: "in maintenance"}
    finally:
        file.write_text(text)
        _podman(frozen, "unpause")
    assert wait_for_login(frozen, NAME, PASSWORD, wanted=True)
    assert _apply(frozen, 0)["passed_by"] == {}
    assert frozen.answer("apply", name, "--yes")["ran"] == {}


def _apply(lab: RunningLab, code: int) -> Any:
    done = lab.bedplate("apply", lab.lab.name, "--yes", "--output", "json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def _podman(lab: RunningLab, word: str) -> None:
    subprocess.run(["podman", word, lab.lab.container(WORKER)], check=word == "pause", capture_output=True)
