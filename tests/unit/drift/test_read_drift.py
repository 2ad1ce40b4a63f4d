"""The drift of an environment, with pretended answers of its hosts and without a cluster."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bedplate.apply.installation import Installation
from bedplate.apply.ledger import Ledger
from bedplate.apply.step import Outcome
from bedplate.core.errors import BedplateError
from bedplate.drift.drift_difference import Drift, HostDifference
from bedplate.drift.host_drift import read_host_drift
from bedplate.drift.read_drift import read_drift
from bedplate.hosts import ansible
from bedplate.hosts.play_result import PlayResult, TaskChange
from bedplate.kube.object_id import ObjectId
from bedplate.object_drift.field_owners import FieldWriter
from bedplate.object_drift.object_difference import Cause, ObjectDifference
from factories.render_installation import make_installation, use_state
from factories.render_site import RELEASE

PLAYS = ["mirror", "hosts", "control-plane", "workers"]
Answer = Callable[[list[str]], PlayResult]


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return an environment with certificates and secrets, that was never applied."""
    use_state(tmp_path / "state", monkeypatch)
    return make_installation(tmp_path / "environment")


class PretendedHosts:
    """Answers of hosts to Ansible, by the names of the plays' roles."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answer instead of Ansible."""
        self.calls: list[dict[str, Any]] = []
        self.answers: list[PlayResult | BedplateError] = []
        monkeypatch.setattr(ansible, "run_plays", self._run)

    def _run(self, _site: object, plays: list[Any], specs: list[Any], log: Path, **options: Any) -> PlayResult:
        self.calls.append({**options, "plays": plays, "hosts": [spec.host for spec in specs], "log": log})
        options["report_task"]("a task")
        answer = self.answers.pop(0) if self.answers else PlayResult()
        if isinstance(answer, BedplateError):
            raise answer
        return answer


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> PretendedHosts:
    """Return hosts that answer as the test says."""
    return PretendedHosts(monkeypatch)


def _unsaid(_: str) -> None:
    """Say nothing."""


def _plays(installation: Installation) -> list[Any]:
    from bedplate.drift import read_drift as module  # noqa: PLC0415  its own list of plays is what is tested

    return module._plays(installation)


def test_hosts_are_only_asked_what_would_change(installation: Installation, hosts: PretendedHosts) -> None:
    """Every play that configures hosts runs in check mode, with the hosts' specs, and says which task begins."""
    said: list[str] = []
    found = read_host_drift(installation, _plays(installation), {}, Path("log"), said.append)
    assert found == ([], [])
    assert [play.id for play in _plays(installation)] == PLAYS
    assert [call["check"] for call in hosts.calls] == [True] * len(PLAYS)
    assert all(call["hosts"] == [host.name for host in installation.site.hosts] for call in hosts.calls)
    assert all(call["plays"] and call["log"] == Path("log") for call in hosts.calls)
    assert said == ["a task"] * len(PLAYS)


def test_a_change_is_drift_if_the_last_apply_had_the_same_inputs(
    installation: Installation, hosts: PretendedHosts
) -> None:
    """Where the inputs of a play changed since, changes by others cannot be told from those of the next apply."""
    mirror, configure, *_ = plays = _plays(installation)
    changes = [TaskChange("worker1", "base : Write", "-old\n+new"), TaskChange("cp1", "base : Write")]
    hosts.answers = [PlayResult(changes=changes[:1]), PlayResult(changes=changes)]
    applied = {mirror.id: "of another environment", configure.id: configure.key()}
    found, unknown = read_host_drift(installation, plays, applied, Path("log"), _unsaid)
    assert not unknown
    assert found == [
        HostDifference("cp1", Cause.CHANGED, "base : Write"),
        HostDifference("worker1", Cause.PENDING, "base : Write", "-old\n+new"),
        HostDifference("worker1", Cause.CHANGED, "base : Write", "-old\n+new"),
    ]


def test_hosts_that_do_not_answer_are_unknown(installation: Installation, hosts: PretendedHosts) -> None:
    """A play that fails is named on one line, and so is each silent host; the other plays are asked all the same."""
    hosts.answers = [
        BedplateError("mirror", "failed\n  at one task"),
        PlayResult(changes=[TaskChange("cp1", "task")], unreachable={"worker1": "timed out"}),
    ]
    found, unknown = read_host_drift(installation, _plays(installation), {}, Path("log"), _unsaid)
    assert [one.host for one in found] == ["cp1"]
    assert unknown == ["mirror failed at one task", "host worker1 does not answer: timed out"]
    assert len(hosts.calls) == len(PLAYS)


def test_what_is_known_is_reported_though_the_cluster_is_silent(
    installation: Installation, hosts: PretendedHosts
) -> None:
    """The report has the last release that was applied, the hosts' differences, and what could not be asked."""
    _record(installation, "2026.10.0", "hosts")
    hosts.answers = [PlayResult(), PlayResult(changes=[TaskChange("cp1", "task")])]
    said: list[str] = []
    found = read_drift(installation, say=said.append)
    assert (found.environment, found.release, found.applied) == ("render-test", RELEASE, "2026.10.0")
    assert found.hosts == (HostDifference("cp1", Cause.CHANGED, "task"),)
    assert (found.objects, found.looked, len(found.unknown)) == ((), 0, 1)
    assert found.unknown[0].startswith("the cluster: ")
    assert said == ["rendering", "querying the cluster", *["a task"] * len(PLAYS)]
    assert all(call["log"].parent == installation.logs for call in hosts.calls)


def test_hosts_are_left_alone_if_only_objects_are_wanted(installation: Installation, hosts: PretendedHosts) -> None:
    """Without hosts, nothing is said about them."""
    found = read_drift(installation, with_hosts=False)
    assert (found.hosts, hosts.calls, found.applied) == ((), [], "")


def _record(installation: Installation, release: str, step: str) -> None:
    """Record that one step was done with its present key, and one was interrupted."""
    keys = {play.id: play.key() for play in _plays(installation)}
    ledger = Ledger(installation.site.ledger)
    run = ledger.begin_run(release)
    ledger.begin(run, "mirror", keys["mirror"])
    ledger.begin(run, step, keys[step])
    ledger.end(run, step, Outcome(1))
    ledger.end_run(run, "done")
    ledger.close()


def test_the_report_for_programs_has_everything() -> None:
    """Each field of the report is in its JSON; objects are split by cause."""
    identity = ObjectId("", "ConfigMap", "a", "b")
    writer = FieldWriter("kubectl-edit", "2026-11-28T00:00:00Z")
    changed = ObjectDifference(identity, Cause.CHANGED, ("data", "k"), "1", "2", "1", writer, "tool")
    pending = ObjectDifference(identity, Cause.PENDING, component="tool")
    host = HostDifference("cp1", Cause.PENDING, "base : Write", "-a\n+b")
    drift = Drift("site", "2", "1", (changed, pending), (host,), ("worker1 is silent",), 7)
    assert (drift.drifted, drift.pending) == ((changed,), (pending,))
    assert drift.as_json() == {
        "environment": "site",
        "release": "2",
        "applied": "1",
        "objects": [changed.as_json(), pending.as_json()],
        "hosts": [{"host": "cp1", "cause": "pending", "task": "base : Write", "diff": "-a\n+b"}],
        "unknown": ["worker1 is silent"],
        "looked": 7,
    }
    assert Drift("site", "2").looked == 0
