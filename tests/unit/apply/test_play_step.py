"""Steps that configure hosts: what makes one run again, and on which hosts; the hosts are this computer."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.apply import check_hosts, play_step
from bedplate.apply.check_hosts import CheckHosts
from bedplate.apply.configure_hosts import ConfigureHosts
from bedplate.apply.installation import Installation
from bedplate.apply.run_hosts import RunHosts
from bedplate.apply.step import Journal
from bedplate.core.errors import BedplateError
from bedplate.hosts import preflight
from bedplate.hosts.preflight.host_finding import HostFinding
from factories.local_hosts import silence
from factories.play_site import NodesStep, PlaySite
from factories.pretended_plays import PretendedPlays, lost


def test_a_step_runs_on_all_its_hosts_once(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first apply configures every node, the second and the third none."""
    plays = PretendedPlays(monkeypatch)
    for _ in range(3):
        site.apply()
    assert plays.runs == [["cp1", "worker1", "worker2"]]


def test_the_changes_of_all_plays_are_counted(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that changed nothing says so, and one that ran its plays twice counts both."""
    journal = Journal(site.file.parent / "log", lambda _: None)
    PretendedPlays(monkeypatch)
    assert NodesStep(site.installation, site.hosts(every=True)).run(journal).changed == 0
    PretendedPlays(monkeypatch, lost("worker1", "worker2", plays=1), lost())
    assert NodesStep(site.installation, site.hosts(every=True)).run(journal).changed == 2


def test_only_the_host_whose_spec_changed_is_configured(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step's key changes with any host's spec, and its plays run on that host alone."""
    plays = PretendedPlays(monkeypatch)
    hosts = site.apply()
    before = NodesStep(site.installation, hosts).key()
    site.specify(worker2="two")
    assert NodesStep(site.installation, hosts).key() != before
    site.apply()
    assert plays.runs[1:] == [["worker2"]]


def test_another_installer_configures_all_hosts(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its roles may do something else with the same HostSpecs."""
    plays = PretendedPlays(monkeypatch)
    before = NodesStep(site.installation, site.apply()).key()
    monkeypatch.setattr(play_step, "installer_digest", lambda: "another")
    assert NodesStep(site.installation, site.apply()).key() != before
    assert plays.runs[1:] == [["cp1", "worker1", "worker2"]]


def test_a_host_whose_state_differs_is_configured(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain apply brings a file back that was changed by hand; here, it is every host's file."""

    def restore(_: list[str]) -> Any:
        site.file.write_text("as the roles write it")
        return lost()([])

    plays = PretendedPlays(monkeypatch, lost(), restore)
    site.apply()
    site.file.write_text("by hand")
    assert site.hosts().unfinished("hosts", {"worker1": "one"})
    site.apply()
    site.apply()
    assert plays.runs[1:] == [["cp1", "worker1", "worker2"]]


def test_plays_that_restore_nothing_are_not_done(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is gone and that no play brings back stays named, at every apply, and is never what is wanted."""
    plays = PretendedPlays(monkeypatch)
    site.apply()
    site.file.unlink()
    text = f"worker1 is not as its roles must leave it: file {site.file}"
    for _ in range(3):
        assert site.apply().not_restored["hosts", "worker1"] == text
    assert text in (site.file.parent / "log").read_text()
    assert plays.runs == [["cp1", "worker1", "worker2"]] * 4
    site.file.write_text("as the roles write it")
    assert site.apply().not_restored == {}


def test_a_result_that_does_not_answer_configures_all_hosts(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hosts are as declared, but the API server is not there: which of them is at fault is not known."""
    plays = PretendedPlays(monkeypatch)
    site.apply()
    monkeypatch.setattr(NodesStep, "is_up", False)
    site.apply()
    assert plays.runs[1:] == [["cp1", "worker1", "worker2"]]


def test_all_steps_configures_all_hosts(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those where the step is complete."""
    plays = PretendedPlays(monkeypatch)
    site.apply()
    site.apply(every=True)
    assert plays.runs[1:] == [["cp1", "worker1", "worker2"]]


def test_a_dead_worker_is_passed_by_and_configured_by_the_next_apply(
    site: PlaySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are configured meanwhile; when it is back, it alone is."""
    plays = PretendedPlays(monkeypatch)
    with pytest.MonkeyPatch.context() as while_dead:
        silence(site.installation.site, ["worker2"], while_dead)
        assert site.apply().silent == ["worker2"]
        site.specify(worker2="two")
        assert site.apply().silent == ["worker2"]
    assert plays.runs == [["cp1", "worker1"]]
    assert site.apply().silent == []
    assert plays.runs[1:] == [["worker2"]]


def test_a_step_with_nothing_to_do_on_the_hosts_that_answer_runs_no_play(
    site: PlaySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key changed with the spec of a dead worker only, so the run of the step has nothing to configure."""
    plays = PretendedPlays(monkeypatch)
    site.apply()
    site.specify(worker2="two")
    silence(site.installation.site, ["worker2"], monkeypatch)
    outcome = NodesStep(site.installation, site.hosts()).run(Journal(site.file.parent / "log", lambda _: None))
    assert (outcome.changed, len(plays.runs)) == (0, 1)


def test_a_step_names_its_hosts_and_counts_many(site: PlaySite) -> None:
    """Five names fit a line; hosts that are passed by are not named."""
    assert NodesStep(site.installation, site.hosts()).where == "cp1, worker1, worker2"
    assert NodesStep(site.installation, site.hosts(limit=["worker2"])).where == "worker2"
    found = site.installation.site
    for count, text in ((2, "cp1, worker1, worker2, more0, more1"), (3, "6 hosts")):
        more = tuple(found.hosts[-1].model_copy(update={"name": f"more{number}"}) for number in range(count))
        larger = type(found)(found.folder, found.environment, found.hosts + more)
        step = NodesStep(Installation(larger, site.installation.catalog, site.installation.installed), RunHosts(larger))
        assert step.where == text


def test_hosts_that_are_as_declared_are_done(site: PlaySite) -> None:
    """The step that configures hosts has no result that answers; the state of its hosts is all there is."""
    assert ConfigureHosts(site.installation, site.hosts()).probe()


def test_a_worker_that_dies_in_the_middle_is_passed_by(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plays run to their end on the others, and the next apply configures the one that died."""
    plays = PretendedPlays(monkeypatch, lost("worker1"), lost())
    hosts = site.apply()
    assert hosts.silent == ["worker1"]
    assert "base: Wait: timed out" in hosts.reasons["worker1"]
    site.apply()
    assert plays.runs == [["cp1", "worker1", "worker2"], ["worker1"]]


def test_plays_that_lost_all_their_hosts_do_not_end_the_step(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible leaves out all plays after one that lost its last host, so they run again for the hosts that are left."""
    plays = PretendedPlays(monkeypatch, lost("worker1", "worker2", plays=1), lost())
    assert site.apply().silent == ["worker1", "worker2"]
    assert plays.runs == [["cp1", "worker1", "worker2"], ["cp1"]]


def test_a_control_plane_that_dies_in_the_middle_is_an_error(site: PlaySite, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if Ansible names the worker whose task was delegated to it."""
    PretendedPlays(monkeypatch, lost("worker1"))
    hosts = site.hosts()
    silence(site.installation.site, ["cp1"], monkeypatch)
    with pytest.raises(BedplateError, match="host cp1 does not answer"):
        NodesStep(site.installation, hosts).run(Journal(site.file.parent / "log", lambda _: None))


def test_preflight_stops_at_findings_and_passes_by_silent_workers(
    site: PlaySite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that stops answering is passed by; the next apply checks it before it is configured."""
    silent = HostFinding("worker-silent", "soft", "worker1", "cannot be probed: timed out", "why", "action")
    checked: list[list[str]] = []

    def run(*_: Any, is_installed: bool, hosts: Any) -> list[HostFinding]:  # noqa: ARG001  called by name
        checked.append([host.name for host in hosts])
        return [silent] if len(checked) == 1 else []

    monkeypatch.setattr(preflight, "run", run)
    monkeypatch.setattr(check_hosts, "wanted_hosts", lambda *_: None)
    hosts = site.hosts()
    journal = Journal(site.file.parent / "log", lambda _: None)
    assert CheckHosts(site.installation, hosts, is_installed=False).run(journal).changed == 0
    assert hosts.reasons == {"worker1": "does not answer: timed out"}
    again = CheckHosts(site.installation, site.hosts(), is_installed=False)
    assert not again.is_done()
    again.run(Journal(site.file.parent / "log", lambda _: None))
    assert CheckHosts(site.installation, site.hosts(), is_installed=False).is_done()


@pytest.mark.parametrize("change", [{"domain": "other.bedplate.test"}, {"release": "2026.11.1"}])
def test_another_environment_is_checked_again(site: PlaySite, change: dict[str, str]) -> None:
    """The key of preflight changes with environment.yaml and with hosts.yaml."""
    found, hosts = site.installation, site.hosts()
    before = CheckHosts(found, hosts, is_installed=True).key()
    other = type(found.site)(found.site.folder, found.site.environment.model_copy(update=change), found.site.hosts)
    fewer = type(found.site)(found.site.folder, found.site.environment, found.site.hosts[:-1])
    for changed in (other, fewer):
        installation = Installation(changed, found.catalog, found.installed)
        assert CheckHosts(installation, hosts, is_installed=True).key() != before
