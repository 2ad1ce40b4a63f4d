"""What `bedplate status` reads: from the ledger, the hosts, the cluster and the store."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from bedplate.apply import certificate_status, site_status
from bedplate.apply.ledger import DONE, Ledger
from bedplate.apply.step import Outcome
from bedplate.cluster import kubectl
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from factories.local_hosts import local_site

RELEASE = "2026.11.0"
PACKETS = {"bastion": 1, "cp1": 2, "worker1": 4, "worker2": 8}


class StatusSite:
    """A site whose hosts and cluster answer as the test says.

    Attributes:
        site: the environment.
        packets: what each host counts; a host that is missing does not answer.
        nodes: the cluster's nodes; None if it does not answer.
    """

    def __init__(self, site: Site, patch: pytest.MonkeyPatch) -> None:
        """Let the hosts and the cluster answer."""
        self.site, self.packets = site, dict(PACKETS)
        self.nodes: list[dict[str, Any]] | None = [
            _node("cp1", "True", "KubeletReady"),
            _node("worker1", "False", "Ill"),
        ]
        patch.setattr(site_status, "run_on_host", self._run)
        patch.setattr(certificate_status, "run_on_host", self._run)
        patch.setattr(kubectl, "get", self._get)

    def _run(self, _: Site, host: Host, words: Any, *, timeout: int, check: bool, as_root: bool) -> Any:
        assert 0 < timeout <= 30
        assert (check, as_root, host.in_maintenance) == (False, True, False)
        if host.name not in self.packets:
            raise BedplateError("SSH", "failed")
        if "certificates" in words:
            return CompletedProcess([], 0, b'{"kubelet": {"kind": "client", "ends": 9e9}}', b"")
        counters = {"outside": self.packets[host.name], "control": 0}
        items = [{"counter": {"name": name, "packets": count}} for name, count in counters.items()]
        return CompletedProcess([], 0, json.dumps({"nftables": items}).encode(), b"")

    def _get(self, _: Site, kind: str) -> dict[str, Any]:
        assert kind == "nodes"
        if self.nodes is None:
            raise BedplateError("kubectl", "did not answer")
        return {"items": self.nodes}


def _node(name: str, status: str, reason: str) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": status, "reason": reason}]
    return {"metadata": {"name": name}, "status": {"conditions": conditions}}


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StatusSite:
    """Return a site of four hosts before its first apply."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    monkeypatch.setattr(paths, "STORE", tmp_path / "store")
    return StatusSite(local_site(tmp_path), monkeypatch)


def test_the_status_has_everything(found: StatusSite) -> None:
    """Release, bundle, nodes, packets, steps, the last run and certificates, as JSON values, too."""
    with closing(Ledger(found.site.ledger)) as ledger:
        run = ledger.begin_run(f"{RELEASE}+relock")
        ledger.begin(run, "hosts", "key")
        ledger.end(run, "hosts", Outcome(3))
        ledger.begin(run, "mirror", "key")
        ledger.hosts.end_run([], {"worker2": "does not answer"})
        ledger.end_run(run, DONE)
    folder = paths.STORE / "releases" / found.site.environment.release
    folder.mkdir(parents=True)
    (folder / "release.json").write_text(json.dumps({"release": f"{RELEASE}+relock"}))
    status = site_status.read_status(found.site).as_json()
    hosts, mirror = status.pop("steps")
    assert (hosts["step"], hosts["outcome"], hosts["changed"]) == ("hosts", "done", 3)
    assert 0 <= hosts["seconds"] < 60
    assert mirror == {"step": "mirror", "outcome": "running", "changed": None, "seconds": None}
    assert (status["run"]["outcome"], status.pop("run")["release"]) == ("done", f"{RELEASE}+relock")
    assert {(one["host"], one["name"]) for one in status.pop("certificates")} == {
        (name, "kubelet") for name in ("cp1", "worker1", "worker2")
    }
    assert status == {
        "environment": found.site.environment.name,
        "release": RELEASE,
        "bundle": f"{RELEASE}+relock",
        "nodes": {"cp1": "Ready", "worker1": "Ill"},
        "packets_outside": 15,
        "outside": PACKETS,
        "passed_by": {"worker2": "does not answer"},
    }


def test_what_cannot_be_read_is_empty(found: StatusSite) -> None:
    """Before the first apply, nothing is known; a host that does not answer makes the sum unknown."""
    del found.packets["worker1"]
    found.nodes = None
    status = site_status.read_status(found.site)
    assert (status.release, status.bundle, status.nodes, status.steps, status.run) == ("", "", {}, [], {})
    assert (status.packets_outside, status.passed_by) == (None, {})
    assert status.outside == {**PACKETS, "worker1": None}


def test_hosts_in_maintenance_are_not_contacted(found: StatusSite, tmp_path: Path) -> None:
    """They count nothing, and show no certificates."""
    found.site = local_site(tmp_path, maintenance=["worker1"])
    status = site_status.read_status(found.site)
    assert status.outside["worker1"] is None
    assert {one.host for one in status.certificates} == {"cp1", "worker2"}


def test_seconds_of_a_step_have_one_decimal(found: StatusSite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step's time is from its beginning to its end."""
    times = iter((1.0, 100.0, 104.26))
    monkeypatch.setattr("bedplate.apply.ledger.time.time", lambda: next(times))
    with closing(Ledger(found.site.ledger)) as ledger:
        run = ledger.begin_run(RELEASE)
        ledger.begin(run, "hosts", "key")
        ledger.end(run, "hosts", Outcome(0))
        (record,) = ledger.steps()
    monkeypatch.undo()
    assert site_status._step(record)["seconds"] == 4.3
