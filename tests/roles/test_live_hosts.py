"""Runs against three booted containers: what differs is restored, what dies is passed by, what is lost comes back."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator

import pytest

from bedplate.core.errors import BedplateError
from factories.live_hosts import LiveHosts
from factories.role_machine import RoleMachine
from factories.role_site import role_site

pytestmark = pytest.mark.containers

NAME = "bedplate-hosts"
SECONDS = 30
"""In which what is lost must be back; it takes 2 to 3 on a computer that is not busy."""
BY_HAND: dict[str, tuple[str, set[str]]] = {
    "a line in a file": ("echo '# by hand' >>/etc/bedplate/audit.nft", {"file /etc/bedplate/audit.nft"}),
    "a file's mode": ("chmod 0600 /etc/bedplate/watch-audit.sh", {"file /etc/bedplate/watch-audit.sh"}),
    "a file's owner": ("chown daemon /etc/bedplate/ca.crt", {"file /etc/bedplate/ca.crt"}),
    "a file that is gone": ("rm /etc/bedplate/watch-route.sh", {"file /etc/bedplate/watch-route.sh"}),
    "the block in /etc/hosts": ("sed -i '/BEGIN Bedplate/,/END Bedplate/d' /etc/hosts", {"block /etc/hosts"}),
    "a unit that is stopped, and its rules": (
        "systemctl stop bedplate-audit.service; nft flush ruleset",
        {"unit bedplate-audit.service", "table inet bedplate_audit"},
    ),
    "a unit that is disabled, and its route": (
        "systemctl disable --quiet --now bedplate-service-route.service; ip route flush root 198.19.0.0/16",
        {"unit bedplate-service-route.service", "route 198.19.0.0/17"},
    ),
}
"""What is changed on a worker by hand, and the items that the log must name."""
LOST = {
    "all rules": "nft flush ruleset",
    "one rule": "nft flush chain inet bedplate_audit judge",
    "an address inside": "nft add element inet bedplate_audit inside '{ 8.8.8.8 }'",
    "the addresses outside": "nft flush set inet bedplate_audit outside_addresses",
    "the route": "ip route flush root 198.19.0.0/16",
    "the link": "ip link set eth0 down; ip link set eth0 up",
    "the watches": (
        "systemctl kill --signal=KILL bedplate-audit.service bedplate-service-route.service;"
        " nft flush ruleset; ip route flush root 198.19.0.0/16"
    ),
}


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHosts]:
    """Return three hosts that the role base has configured once."""
    with role_site(NAME, tmp_path_factory.mktemp("roles")) as site, pytest.MonkeyPatch.context() as patch:
        hosts = LiveHosts(site, tmp_path_factory.mktemp("runs"), patch)
        try:
            hosts.use_roles("base")
            assert hosts.apply().changed > 0
            yield hosts
        finally:
            hosts.remove()


@pytest.fixture
def worker(hosts: LiveHosts) -> RoleMachine:
    """Return the worker."""
    return hosts.machines["worker1"]


def test_a_second_apply_finds_everything_as_it_was(hosts: LiveHosts) -> None:
    """Nothing runs, and asking three hosts takes at most three seconds of this computer's time, however busy it is."""
    before = _cpu_seconds()
    assert hosts.apply().skipped == ["hosts"]
    assert _cpu_seconds() - before <= 3


def _cpu_seconds() -> float:
    """Return the seconds that this process and the programs that it ran have computed."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def test_one_apply_restores_what_was_changed_by_hand(hosts: LiveHosts, worker: RoleMachine) -> None:
    """The step runs on the host where something differs, and names it; the apply after it changes nothing."""
    for script, _ in BY_HAND.values():
        worker.shell(script)
    assert hosts.apply().changed > 0
    (line,) = (line for line in hosts.log.read_text().splitlines() if " differs: " in line)
    found = line.removeprefix("worker1 differs: ").split(", ")
    assert {*found} == {item for _, items in BY_HAND.values() for item in items}
    assert hosts.apply().skipped == ["hosts"]
    assert _is_whole(worker)


@pytest.mark.parametrize("what", LOST)
def test_what_is_lost_comes_back_by_itself(hosts: LiveHosts, worker: RoleMachine, what: str) -> None:
    """The audit's rules and the route to services are there again within seconds, without an apply."""
    worker.shell(LOST[what])
    deadline = time.monotonic() + SECONDS
    while not _is_whole(worker) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert _is_whole(worker)
    assert hosts.apply().skipped == ["hosts"]


def test_the_route_follows_its_address(worker: RoleMachine) -> None:
    """An interface that gets its address late, and one of two that have it, are found."""
    address = worker.spec.address
    worker.shell("ip link add late type veth peer late1 && ip link set late1 up && ip link set late up")
    worker.shell("ip address flush dev eth0")
    time.sleep(3)
    assert _route(worker) == ""
    worker.shell('ip address add "$1/24" dev late', address)
    _await_route(worker, "dev late")
    worker.shell('ip address add "$1/24" dev eth0; ip link set late down', address)
    _await_route(worker, "dev eth0")
    worker.shell("ip link delete late")


def _await_route(worker: RoleMachine, words: str) -> None:
    deadline = time.monotonic() + SECONDS
    while words not in (found := _route(worker)) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert words in found


def _route(worker: RoleMachine) -> str:
    return worker.shell("ip route show exact 198.19.0.0/17").stdout.decode()


def _is_whole(worker: RoleMachine) -> bool:
    rules = worker.shell("nft list table inet bedplate_audit", check=False).stdout.decode()
    outside = worker.shell("nft list set inet bedplate_audit outside_addresses", check=False).stdout.decode()
    has_rules = 'counter name "outside"' in rules and "8.8.8.8" not in rules and "elements" in outside
    return has_rules and "dev eth0" in _route(worker)


def test_a_frozen_worker_is_passed_by(hosts: LiveHosts, worker: RoleMachine) -> None:
    """The control plane is configured meanwhile, and the worker by the next apply."""
    for machine in (worker, hosts.machines["cp1"]):
        machine.shell("rm /etc/bedplate/ca.crt")
    hosts.freeze("worker1")
    try:
        summary = hosts.apply()
    finally:
        hosts.thaw("worker1")
    assert summary.silent == ["worker1"]
    assert hosts.seconds < SECONDS
    assert hosts.machines["cp1"].content("/etc/bedplate/ca.crt")
    assert hosts.apply().silent == []
    assert worker.content("/etc/bedplate/ca.crt")


def test_a_frozen_control_plane_is_an_error(hosts: LiveHosts) -> None:
    """Nothing can be applied without it."""
    hosts.freeze("cp1")
    try:
        with pytest.raises(BedplateError, match="host cp1 does not answer"):
            hosts.apply()
    finally:
        hosts.thaw("cp1")


def test_a_worker_that_freezes_in_a_task_is_noticed_in_a_minute(hosts: LiveHosts) -> None:
    """The run goes on without it, and ends; the next one configures it."""
    wait = {"name": "Wait", "ansible.builtin.command": "sleep 5", "changed_when": False}
    slow = {**wait, "ansible.builtin.command": "sleep 100", "when": "inventory_hostname == 'worker1'"}
    hosts.use_roles("base", tasks=[slow, wait])
    for machine in hosts.machines.values():
        machine.shell("rm -f /etc/bedplate/ca.crt")
    freeze = threading.Timer(1, lambda: _freeze_when_it_waits(hosts))
    freeze.start()
    try:
        summary = hosts.apply()
        noticed = time.monotonic()
    finally:
        freeze.join()
        hosts.thaw("worker1")
        hosts.use_roles("base")
    assert summary.silent == ["worker1"]
    assert "does not answer" in summary.passed_by["worker1"]
    assert noticed - FROZEN[0] < 60
    assert hosts.apply().silent == []


FROZEN: list[float] = []


def _freeze_when_it_waits(hosts: LiveHosts) -> None:
    for _ in range(200):
        if hosts.machines["worker1"].shell("pgrep -x sleep -a | grep 100", check=False).stdout:
            break
        time.sleep(0.3)
    hosts.freeze("worker1")
    FROZEN.append(time.monotonic())
