"""The hosts of a run: who is passed by, what is complete on each, and what differs; the hosts are this computer."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from bedplate.apply.ledger import Ledger, read_passed_by
from bedplate.apply.run_hosts import RunHosts, choose_hosts
from bedplate.config.hosts import Host
from bedplate.core.errors import BedplateError, InputError
from bedplate.hosts import host_command
from bedplate.hosts.state import state_probe
from bedplate.hosts.state.host_questions import HostQuestions, wrong_items
from factories.local_hosts import GROUPS, local_site, silence

KEYS = dict.fromkeys(GROUPS, "one")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """Return an empty ledger."""
    ledger = Ledger(tmp_path / "ledger.db")
    yield ledger
    ledger.close()


def _contacted(hosts: RunHosts) -> RunHosts:
    hosts.contact()
    return hosts


def test_a_worker_that_does_not_answer_is_passed_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named with the reason, and the run is incomplete."""
    site = local_site(tmp_path)
    silence(site, ["worker1"], monkeypatch)
    hosts = _contacted(choose_hosts(site, None))
    assert [host.name for host in hosts.chosen(site.hosts)] == ["bastion", "cp1", "worker2"]
    assert hosts.silent == ["worker1"]
    assert "does not answer" in hosts.reasons["worker1"]
    assert "refused" in hosts.reasons["worker1"]


@pytest.mark.parametrize("name", ["bastion", "cp1"])
@pytest.mark.parametrize("limit", [[], ["worker1"]])
def test_nothing_is_applied_without_bastion_and_control_plane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, limit: list[str]
) -> None:
    """If one of them does not answer, the run ends before its first step, whatever the limit."""
    site = local_site(tmp_path)
    silence(site, [name], monkeypatch)
    with pytest.raises(BedplateError, match=f"host {name} does not answer"):
        choose_hosts(site, None, limit).contact()


def test_a_worker_in_maintenance_is_not_contacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is passed by and named, and the run is complete without it."""
    site = local_site(tmp_path, maintenance=["worker1"])
    silence(site, ["worker1"], monkeypatch)
    hosts = _contacted(choose_hosts(site, None))
    assert (hosts.reasons, hosts.silent) == ({"worker1": "in maintenance"}, [])
    assert "worker1" not in hosts.states


def test_a_limit_configures_only_the_hosts_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are not wanted now, even if one does not answer; bastion and control plane must answer anyway."""
    site = local_site(tmp_path)
    silence(site, ["worker2"], monkeypatch)
    hosts = _contacted(choose_hosts(site, None, ["worker1"]))
    assert [host.name for host in hosts.chosen(site.hosts)] == ["worker1"]
    assert hosts.silent == []
    assert hosts.states.keys() == {"bastion", "cp1", "worker1"}


@pytest.mark.parametrize(("name", "what"), [("worker9", "not a host"), ("worker1", "in maintenance")])
def test_a_limit_with_a_host_that_cannot_be_configured_is_bad_input(tmp_path: Path, name: str, what: str) -> None:
    """A name with a typing error does not silently mean no host."""
    with pytest.raises(InputError, match=what):
        choose_hosts(local_site(tmp_path, maintenance=["worker1"]), None, [name])


def test_what_is_complete_on_a_host_is_known_to_the_next_run(tmp_path: Path, ledger: Ledger) -> None:
    """A host that was passed by is the only one that the next run has to configure."""
    site = local_site(tmp_path)
    first = _contacted(choose_hosts(site, ledger.hosts))
    assert first.unfinished("step", KEYS) == dict.fromkeys(GROUPS, "was not configured yet")
    first.begin("step", KEYS)
    first.complete("step", {name: key for name, key in KEYS.items() if name != "worker2"}, {})
    second = _contacted(choose_hosts(site, ledger.hosts))
    assert second.unfinished("step", KEYS) == {"worker2": "was not configured yet"}
    assert second.unfinished("step", {**KEYS, "cp1": "two"}).keys() == {"cp1", "worker2"}
    second.begin("step", ["cp1"])
    assert _contacted(choose_hosts(site, ledger.hosts)).unfinished("step", KEYS).keys() == {"cp1", "worker2"}


def test_status_names_hosts_until_they_are_configured(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that was passed by is named after later runs, too, if these did not have it in their limit."""
    site = local_site(tmp_path, maintenance=["worker2"])
    with monkeypatch.context() as while_dead:
        silence(site, ["worker1"], while_dead)
        _contacted(choose_hosts(site, ledger.hosts)).end_run()
    _contacted(choose_hosts(site, ledger.hosts, ["cp1"])).end_run()
    found = read_passed_by(tmp_path / "ledger.db")
    assert found.keys() == {"worker1", "worker2"}
    assert "refused" in found["worker1"]
    _contacted(choose_hosts(site, ledger.hosts)).end_run()
    assert read_passed_by(tmp_path / "ledger.db") == {"worker2": "in maintenance"}


def test_a_state_that_differs_makes_a_step_unfinished(tmp_path: Path, ledger: Ledger) -> None:
    """The host and the item are named; once the item is as it was, the step is complete again."""
    site, file = local_site(tmp_path), tmp_path / "file"
    file.write_text("one")
    asked = HostQuestions(files=(str(file),))
    _contacted(choose_hosts(site, ledger.hosts)).complete("step", {"worker1": "one"}, {"worker1": asked})
    keys = {"worker1": "one"}
    assert _contacted(choose_hosts(site, ledger.hosts)).unfinished("step", keys) == {}
    file.chmod(0o600)
    assert _contacted(choose_hosts(site, ledger.hosts)).unfinished("step", keys) == {"worker1": f"differs: file {file}"}
    file.chmod(0o644)
    assert _contacted(choose_hosts(site, ledger.hosts)).unfinished("step", keys) == {}
    file.unlink()
    assert _contacted(choose_hosts(site, ledger.hosts)).unfinished("step", keys) == {"worker1": f"differs: file {file}"}


def test_a_unit_must_run_whatever_it_did_when_the_step_ended(tmp_path: Path, ledger: Ledger) -> None:
    """A kubelet still waits for its cluster when its step ends; what is recorded is what a later run must find."""
    site, asked = local_site(tmp_path), HostQuestions(units=("none.service",), settings={"kernel.none": "1"})
    _contacted(choose_hosts(site, ledger.hosts)).complete("step", {"worker1": "one"}, {"worker1": asked})
    (record,) = ledger.hosts.all()
    assert dict(record.answers) == {"unit none.service": "active enabled", "setting kernel.none": "1"}
    found = _contacted(choose_hosts(site, ledger.hosts)).unfinished("step", {"worker1": "one"})
    assert found == {"worker1": "differs: setting kernel.none, unit none.service"}


def test_a_host_that_leaves_before_its_state_is_read_is_not_complete(
    tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is passed by, and the next run configures it."""
    site = local_site(tmp_path)
    hosts = _contacted(choose_hosts(site, ledger.hosts))
    silence(site, ["worker1"], monkeypatch)
    names = ("worker1", "worker2")
    hosts.complete("step", dict.fromkeys(names, "one"), dict.fromkeys(names, HostQuestions(files=("/etc/hosts",))))
    assert hosts.silent == ["worker1"]
    assert [record.host for record in ledger.hosts.all()] == ["worker2"]


def test_threads_do_not_grow_with_the_site() -> None:
    """Of 300 hosts, no more than MAX_PARALLEL are asked at once, and every one is."""
    hosts = [Host(name=f"worker{n}", address=IPv4Address("10.0.0.1") + n, groups=("workers",)) for n in range(300)]
    running, most, lock = 0, 0, threading.Lock()

    def ask(host: Host) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.002)
        with lock:
            running -= 1
        return host.name

    answers = host_command.on_each_host(hosts, ask)
    assert answers == {host.name: host.name for host in hosts}
    assert 1 < most <= host_command.MAX_PARALLEL


@pytest.mark.parametrize("damage", ["is gone", "has other content"])
def test_damage_is_not_recorded_as_what_is_wanted(tmp_path: Path, ledger: Ledger, damage: str) -> None:
    """A step that leaves a file missing or wrong is not complete there, is named, and runs again until it is right."""
    site, keys, file = local_site(tmp_path), dict.fromkeys(("worker1", "worker2"), "one"), tmp_path / "file"
    wanted = {"worker1": {str(file): state_probe.digest(b"wanted")}}
    asked = {"worker1": HostQuestions(files=(str(file),)), "worker2": HostQuestions(files=("/etc/passwd",))}
    if damage == "has other content":
        file.write_text("by hand")
    first = _contacted(choose_hosts(site, ledger.hosts))
    first.complete("step", keys, asked, wanted)
    assert first.not_restored == {("step", "worker1"): f"worker1 is not as its roles must leave it: file {file}"}
    again = _contacted(choose_hosts(site, ledger.hosts))
    assert again.unfinished("step", keys) == {"worker1": "was not configured yet"}
    file.write_text("wanted")
    again.complete("step", keys, asked, wanted)
    assert again.not_restored == {}
    assert _contacted(choose_hosts(site, ledger.hosts)).unfinished("step", keys) == {}


@pytest.mark.parametrize("item", ["block /etc/hosts", "table inet a", "route 10.0.0.0/8", "package less"])
def test_what_is_missing_after_its_step_is_wrong(item: str) -> None:
    """Whatever it is; only units may still be starting, and the role itself checks settings."""
    state = {item: "missing", "unit a": "missing", "setting b": "missing", "file /a": "0123 0644 0:0"}
    assert wrong_items(state, {"/a": "0123", "/not/asked": "4567"}) == [item]
