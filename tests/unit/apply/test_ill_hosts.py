"""Hosts that answer, but cannot be configured: which stop an apply, and which are passed by."""

from __future__ import annotations

import pytest

from bedplate.apply import check_hosts
from bedplate.apply.check_hosts import CheckHosts
from bedplate.apply.step import Journal
from bedplate.core.errors import BedplateError
from bedplate.hosts import preflight
from bedplate.hosts.preflight.host_finding import HostFinding
from factories.local_hosts import GROUPS
from factories.play_site import PlaySite
from factories.pretended_plays import PretendedPlays, failed, lost

FAILURES: dict[str, tuple[list[str], list[str], int, list[str]]] = {
    # workers that were installed before, hosts on which a task fails, plays that began, hosts of the next apply
    "the control plane": (["worker1"], ["cp1"], 0, ["cp1"]),
    "a worker in its first installation": (["worker2"], ["worker1"], 0, ["worker1"]),
    "the control plane, and no play after it ran": ([], ["cp1"], 1, ["cp1", "worker1", "worker2"]),
    "Ansible itself": (["worker1"], [""], 0, ["cp1", "worker1", "worker2"]),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_task_that_fails_is_an_error_and_the_hosts_that_ran_to_the_end_are_complete(
    case: str, site: PlaySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next apply configures only the hosts on which the plays did not run to their end."""
    installed, names, count, again = FAILURES[case]
    site.install(*installed)
    plays = PretendedPlays(monkeypatch, failed(*names, plays=count), lost())
    with pytest.raises(BedplateError, match="no space left"):
        site.apply()
    assert site.apply().silent == []
    assert plays.runs == [["cp1", "worker1", "worker2"], again]


def test_an_installed_worker_on_which_a_task_fails_is_passed_by(
    site: PlaySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named with the task and the reason, all others are complete, and the next apply tries it alone."""
    site.install("worker1", "worker2")
    plays = PretendedPlays(monkeypatch, failed("worker1"), failed("worker1"), lost())
    for _ in range(2):
        hosts = site.apply()
        assert (hosts.silent, hosts.reasons) == (["worker1"], {"worker1": "base: Wait: no space left"})
    assert site.apply().silent == []
    assert plays.runs == [["cp1", "worker1", "worker2"], ["worker1"], ["worker1"]]


def test_plays_run_to_their_end_on_the_hosts_that_are_left(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible leaves out all plays after one in which a task failed on its last host."""
    site.install("worker1", "worker2")
    plays = PretendedPlays(monkeypatch, failed("worker1", "worker2", plays=1), lost())
    assert site.apply().silent == ["worker1", "worker2"]
    assert plays.runs == [["cp1", "worker1", "worker2"], ["cp1"]]


def test_a_step_that_begins_on_a_worker_again_leaves_it_installed(site: PlaySite) -> None:
    """A failure in the middle of the step that joins workers does not make its host one that was never installed."""
    site.install("worker1")
    site.hosts().begin("workers", ["worker1", "worker2"])
    hosts = site.hosts()
    assert [name for name in GROUPS if hosts.can_miss(name)] == ["worker1"]
    assert hosts.unfinished("workers", {"worker1": "one"})


ILL = [("worker1", "probe-fails", ""), ("worker1", "clock-off", ""), ("worker2", "clock-off", "worker2: is ill")]
"""A host with a hard finding, the finding, and what stops the apply; worker1 was installed before."""


@pytest.mark.parametrize(("name", "rule", "stops"), [*ILL, ("cp1", "clock-off", "cp1: is ill")])
def test_preflight_passes_by_installed_workers_that_are_ill(
    name: str, rule: str, stops: str, site: PlaySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hard finding stops the apply only on a host that it cannot do without, or that was never installed."""
    finding = HostFinding(rule, "hard", name, "is ill", "why", "action")
    monkeypatch.setattr(preflight, "run", lambda *_, **__: [finding])
    monkeypatch.setattr(check_hosts, "wanted_hosts", lambda *_: None)
    site.install("worker1")
    hosts = site.hosts()
    step, journal = CheckHosts(site.installation, hosts, is_installed=True), Journal(site.file.parent / "log", print)
    if stops:
        with pytest.raises(BedplateError, match=stops):
            step.run(journal)
        return
    step.run(journal)
    assert (hosts.silent, hosts.reasons) == ([name], {name: f"is ill ({rule})"})
    assert [one.name for one in site.hosts().chosen(site.installation.site.hosts)] == [*GROUPS]
    assert not CheckHosts(site.installation, site.hosts(), is_installed=True).is_done()
