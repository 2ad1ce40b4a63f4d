"""The releases that an environment has something of, host by host, after runs that did not configure all hosts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from bedplate.apply.ledger import DONE, FAILED, INCOMPLETE, Ledger
from bedplate.apply.run_hosts import choose_hosts
from bedplate.apply.run_steps import run_phases
from bedplate.apply.step import Phase
from bedplate.apply.step_progress import Progress
from bedplate.config.environments import Site
from factories.local_hosts import GROUPS, local_site

ALL = [*GROUPS]


class Runs:
    """Runs of one site.

    Attributes:
        ledger: its ledger.
        site: the site.
        dead: workers that do not answer.
    """

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        """Take the ledger."""
        self.ledger, self.site, self.dead = ledger, local_site(folder), list[str]()
        self._folder = folder

    def run(self, release: str, *limit: str, fails_on: tuple[str, ...] = ()) -> str:
        """Apply a release and return the run's outcome."""
        hosts = choose_hosts(self.site, self.ledger.hosts, limit)
        for name in self.dead:
            hosts.pass_by(name, "timed out")
        if fails_on:
            self.ledger.end_run(self.ledger.begin_run(release), FAILED)
            hosts.release = release
            hosts.begin("hosts", fails_on)
        else:
            log = self._folder / "log"
            log.touch()
            run_phases([Phase("All", ())], self.ledger, _quiet(), log, release=release, hosts=hosts)
        return str(self.ledger.last_run()["outcome"])

    def remove(self, name: str) -> None:
        """Remove a host from hosts.yaml."""
        self.site = Site(self.site.folder, self.site.environment, tuple(h for h in self.site.hosts if h.name != name))


def _quiet() -> Progress:
    return Progress(0, Console(file=io.StringIO()))


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Return a site without a run."""
    ledger = Ledger(tmp_path / "ledger.db")
    yield Runs(tmp_path, ledger)
    ledger.close()


def test_a_limited_run_leaves_the_former_release_in_use(runs: Runs) -> None:
    """It is complete only once no host has something of the former release."""
    assert runs.run("1.0") == DONE
    assert runs.run("1.1", "worker1") == INCOMPLETE
    assert runs.ledger.releases_begun() == runs.ledger.releases_in_use() == {"1.0", "1.1"}
    assert runs.run("1.1", "bastion", "cp1") == INCOMPLETE
    assert runs.run("1.1", "worker2") == DONE
    assert runs.ledger.releases_begun() == runs.ledger.releases_in_use() == {"1.1"}


def test_a_dead_worker_does_not_stop_the_second_upgrade(runs: Runs) -> None:
    """Its release cannot be removed from the store, but the next one is not applied over it."""
    runs.run("10")
    runs.dead = ["worker1"]
    assert [runs.run("10"), runs.run("11")] == [INCOMPLETE, INCOMPLETE]
    assert runs.ledger.releases_begun() == {"11"}
    assert runs.ledger.releases_in_use() == {"10", "11"}
    runs.dead = []
    assert runs.run("11") == DONE
    assert runs.ledger.releases_in_use() == {"11"}


def test_a_run_that_failed_leaves_both_releases_in_use(runs: Runs) -> None:
    """Also on the host on which the new one only began."""
    runs.run("1.0")
    runs.run("1.1", fails_on=("worker1",))
    assert runs.ledger.hosts.releases()["worker1"] == {"1.0", "1.1"}
    assert runs.ledger.releases_begun() == {"1.0", "1.1"}


def test_a_removed_host_is_forgotten(runs: Runs) -> None:
    """What it had is not in use, and it is no longer named as passed by."""
    runs.run("1.0")
    runs.dead = ["worker2"]
    runs.run("1.1")
    runs.dead = []
    runs.remove("worker2")
    assert runs.run("1.1") == DONE
    assert runs.ledger.hosts.passed_by() == {}
    assert runs.ledger.releases_in_use() == {"1.1"}


def test_hosts_of_an_earlier_installer_have_the_release_applied_last(runs: Runs) -> None:
    """Its ledger has their records, but no releases of hosts."""
    runs.ledger.end_run(runs.ledger.begin_run("1.0"), DONE)
    hosts = choose_hosts(runs.site, runs.ledger.hosts)
    hosts.complete("hosts", dict.fromkeys(ALL, "one"), {})
    runs.run("1.1", "worker1")
    assert runs.ledger.releases_begun() == {"1.0", "1.1"}
