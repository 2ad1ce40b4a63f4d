"""Steps that configure hosts: what makes one run again, and on which hosts; the hosts are this computer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from bedplate.apply import play_step, run_hosts
from bedplate.apply.check_hosts import CheckHosts
from bedplate.apply.configure_hosts import ConfigureHosts
from bedplate.apply.installation import Installation
from bedplate.apply.ledger import Ledger
from bedplate.apply.play_step import PlayStep
from bedplate.apply.run_hosts import RunHosts, choose_hosts
from bedplate.apply.step import Journal
from bedplate.config import environments
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.host_spec import HostSpec
from bedplate.config.hosts import Host
from bedplate.config.release import Release, ToolchainVersions
from bedplate.core.errors import BedplateError
from bedplate.hosts import host_command, preflight
from bedplate.hosts.preflight.host_finding import HostFinding
from bedplate.hosts.state import state_probe
from bedplate.hosts.state.host_questions import HostQuestions
from bedplate.hosts.state.read_state import read_state
from bedplate.store.installed import InstalledRelease
from factories.local_hosts import GROUPS, local_site, silence
from factories.pretended_plays import PretendedPlays, lost


@dataclass(frozen=True, slots=True)
class NodesStep(PlayStep):
    """A step of the nodes, with the plays of the tag hosts."""

    id: ClassVar = "hosts"
    title: ClassVar = "Configure nodes"
    groups: ClassVar = ("control_plane", "workers")
    is_up: ClassVar[bool] = True

    def probe(self) -> bool:
        """Return what the test says."""
        if type(self).is_up:
            return True
        raise BedplateError("API server", "does not answer")


class Site:
    """One site over several runs of its steps.

    Attributes:
        installation: environment and release; its HostSpecs can be changed between runs.
        file: the file that a host's state consists of here.
    """

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        """Take a folder for the site's files, and its ledger."""
        release = Release(version="1", toolchain=ToolchainVersions(go="go", node="node"), epoch=0, components={})
        held = ReleaseFile(release="1", installer="", artifacts=[], sets={})
        site = local_site(folder)
        self.installation = Installation(site, Catalog(release, folder, {}, {}), InstalledRelease(folder, held, ()))
        self.file = folder / "file"
        self.file.write_text("as the roles write it")
        self._ledger, self._journal = ledger, Journal(folder / "log", lambda _: None)
        self.specify(**dict.fromkeys(GROUPS, "one"))

    def specify(self, **digests: str) -> None:
        """Set the digests of the HostSpecs, by host."""
        known = {spec.host: spec.digest for spec in self.installation.__dict__.get("specs", [])}
        self.installation.__dict__["specs"] = [_spec(name, digest) for name, digest in {**known, **digests}.items()]

    def hosts(self, **settings: Any) -> RunHosts:
        """Return the hosts of a new run, which have been contacted."""
        hosts = choose_hosts(self.installation.site, self._ledger.hosts, **settings)
        hosts.contact()
        return hosts

    def apply(self, **settings: Any) -> RunHosts:
        """Run the step as a run of apply does, and return the run's hosts."""
        hosts = self.hosts(**settings)
        step = NodesStep(self.installation, hosts)
        if hosts.every or not step.is_done():
            step.run(self._journal)
        return hosts


def _spec(host: str, digest: str) -> HostSpec:
    return HostSpec(
        host=host, address="", groups=(GROUPS[host],), packages={}, binaries={}, services=(), vars={}, digest=digest
    )


def _read_here(site: environments.Site, host: Host, questions: HostQuestions) -> dict[str, str]:
    """Answer without starting Python once more for each host; see test_run_hosts for the whole way."""
    if host_command.is_own_address(host.address):
        return state_probe.answers(questions.model_dump())
    return read_state(site, host, questions)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Return a site whose hosts' state is one file."""
    ledger = Ledger(tmp_path / "ledger.db")
    site = Site(tmp_path, ledger)
    asked = HostQuestions(files=(str(site.file),))
    monkeypatch.setattr(play_step, "questions_of_step", lambda _, specs, __: {spec.host: asked for spec in specs})
    monkeypatch.setattr(run_hosts, "read_state", _read_here)
    yield site
    ledger.close()


def test_a_step_runs_on_all_its_hosts_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first apply configures every node, the second and the third none."""
    plays = PretendedPlays(monkeypatch)
    for _ in range(3):
        site.apply()
    assert plays.runs == [["cp1", "worker1", "worker2"]]


def test_the_changes_of_all_plays_are_counted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that changed nothing says so, and one that ran its plays twice counts both."""
    journal = Journal(site.file.parent / "log", lambda _: None)
    PretendedPlays(monkeypatch)
    assert NodesStep(site.installation, site.hosts(every=True)).run(journal).changed == 0
    PretendedPlays(monkeypatch, lost("worker1", "worker2", plays=1), lost())
    assert NodesStep(site.installation, site.hosts(every=True)).run(journal).changed == 2


def test_only_the_host_whose_spec_changed_is_configured(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step's key changes with any host's spec, and its plays run on that host alone."""
    plays = PretendedPlays(monkeypatch)
    hosts = site.apply()
    before = NodesStep(site.installation, hosts).key()
    site.specify(worker2="two")
    assert NodesStep(site.installation, hosts).key() != before
    site.apply()
    assert plays.runs[1:] == [["worker2"]]


def test_another_installer_configures_all_hosts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its roles may do something else with the same HostSpecs."""
    plays = PretendedPlays(monkeypatch)
    before = NodesStep(site.installation, site.apply()).key()
    monkeypatch.setattr(play_step, "installer_digest", lambda: "another")
    assert NodesStep(site.installation, site.apply()).key() != before
    assert plays.runs[1:] == [["cp1", "worker1", "worker2"]]


def test_a_host_whose_state_differs_is_configured(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_result_that_does_not_answer_configures_all_hosts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hosts are as declared, but the API server is not there: which of them is at fault is not known."""
    plays = PretendedPlays(monkeypatch)
    site.apply()
    monkeypatch.setattr(NodesStep, "is_up", False)
    site.apply()
    assert plays.runs[1:] == [["cp1", "worker1", "worker2"]]


def test_all_steps_configures_all_hosts(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those where the step is complete."""
    plays = PretendedPlays(monkeypatch)
    site.apply()
    site.apply(every=True)
    assert plays.runs[1:] == [["cp1", "worker1", "worker2"]]


def test_a_dead_worker_is_passed_by_and_configured_by_the_next_apply(
    site: Site, monkeypatch: pytest.MonkeyPatch
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
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its key changed with the spec of a dead worker only, so the run of the step has nothing to configure."""
    plays = PretendedPlays(monkeypatch)
    site.apply()
    site.specify(worker2="two")
    silence(site.installation.site, ["worker2"], monkeypatch)
    outcome = NodesStep(site.installation, site.hosts()).run(Journal(site.file.parent / "log", lambda _: None))
    assert (outcome.changed, len(plays.runs)) == (0, 1)


def test_a_step_names_its_hosts_and_counts_many(site: Site) -> None:
    """Five names fit a line; hosts that are passed by are not named."""
    assert NodesStep(site.installation, site.hosts()).where == "cp1, worker1, worker2"
    assert NodesStep(site.installation, site.hosts(limit=["worker2"])).where == "worker2"
    found = site.installation.site
    for count, text in ((2, "cp1, worker1, worker2, more0, more1"), (3, "6 hosts")):
        more = tuple(found.hosts[-1].model_copy(update={"name": f"more{number}"}) for number in range(count))
        larger = type(found)(found.folder, found.environment, found.hosts + more)
        step = NodesStep(Installation(larger, site.installation.catalog, site.installation.installed), RunHosts(larger))
        assert step.where == text


def test_hosts_that_are_as_declared_are_done(site: Site) -> None:
    """The step that configures hosts has no result that answers; the state of its hosts is all there is."""
    assert ConfigureHosts(site.installation, site.hosts()).probe()


def test_a_worker_that_dies_in_the_middle_is_passed_by(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plays run to their end on the others, and the next apply configures the one that died."""
    plays = PretendedPlays(monkeypatch, lost("worker1"), lost())
    hosts = site.apply()
    assert hosts.silent == ["worker1"]
    assert "base: Wait: timed out" in hosts.reasons["worker1"]
    site.apply()
    assert plays.runs == [["cp1", "worker1", "worker2"], ["worker1"]]


def test_plays_that_lost_all_their_hosts_do_not_end_the_step(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible leaves out all plays after one that lost its last host, so they run again for the hosts that are left."""
    plays = PretendedPlays(monkeypatch, lost("worker1", "worker2", plays=1), lost())
    assert site.apply().silent == ["worker1", "worker2"]
    assert plays.runs == [["cp1", "worker1", "worker2"], ["cp1"]]


def test_a_control_plane_that_dies_in_the_middle_is_an_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if Ansible names the worker whose task was delegated to it."""
    PretendedPlays(monkeypatch, lost("worker1"))
    hosts = site.hosts()
    silence(site.installation.site, ["cp1"], monkeypatch)
    with pytest.raises(BedplateError, match="host cp1 does not answer"):
        NodesStep(site.installation, hosts).run(Journal(site.file.parent / "log", lambda _: None))


def test_hosts_of_plays_that_fail_are_not_complete(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are configured again, also those that were complete before."""

    def fail(_: list[str]) -> Any:
        raise BedplateError("hosts (hosts)", "failed:\nworker1: base: Wait: no space left")

    plays = PretendedPlays(monkeypatch, lost(), fail, lost())
    site.apply()
    with pytest.raises(BedplateError):
        site.apply(every=True)
    site.apply()
    assert plays.runs == [["cp1", "worker1", "worker2"]] * 3


def test_preflight_stops_at_findings_and_passes_by_silent_workers(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that stops answering is passed by; the next apply checks it before it is configured."""
    silent = HostFinding("worker-silent", "soft", "worker1", "cannot be probed: timed out", "why", "action")
    checked: list[list[str]] = []

    def run(*_: Any, is_installed: bool, hosts: Any) -> list[HostFinding]:  # noqa: ARG001  called by name
        checked.append([host.name for host in hosts])
        return [silent] if len(checked) == 1 else []

    monkeypatch.setattr(preflight, "run", run)
    hosts = site.hosts()
    journal = Journal(site.file.parent / "log", lambda _: None)
    assert CheckHosts(site.installation, hosts, is_installed=False).run(journal).changed == 0
    assert hosts.reasons == {"worker1": "does not answer: timed out"}
    again = CheckHosts(site.installation, site.hosts(), is_installed=False)
    assert not again.is_done()
    again.run(Journal(site.file.parent / "log", lambda _: None))
    assert CheckHosts(site.installation, site.hosts(), is_installed=False).is_done()


@pytest.mark.parametrize("change", [{"domain": "other.bedplate.test"}, {"release": "2026.11.1"}])
def test_another_environment_is_checked_again(site: Site, change: dict[str, str]) -> None:
    """The key of preflight changes with environment.yaml and with hosts.yaml."""
    found, hosts = site.installation, site.hosts()
    before = CheckHosts(found, hosts, is_installed=True).key()
    other = type(found.site)(found.site.folder, found.site.environment.model_copy(update=change), found.site.hosts)
    fewer = type(found.site)(found.site.folder, found.site.environment, found.site.hosts[:-1])
    for changed in (other, fewer):
        installation = Installation(changed, found.catalog, found.installed)
        assert CheckHosts(installation, hosts, is_installed=True).key() != before
