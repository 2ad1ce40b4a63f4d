"""One apply from its lock to its summary: what is judged before the first step, and with which options."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from bedplate.apply import apply_environment, installation
from bedplate.apply.ledger import DONE, INCOMPLETE, Ledger, last_runs, read_last_run
from bedplate.apply.run_hosts import RunHosts
from bedplate.apply.step import Journal, Outcome, Phase
from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError
from bedplate.store import installed
from factories.local_hosts import local_site

BEFORE = ["load", "prove blobs", "check inputs", "refuse change", "contact hosts"]


class Watched:
    """An apply whose parts note that they are called.

    Attributes:
        site: the environment.
        calls: the parts, in order.
        options: what they were called with.
        refuses: the part that refuses to go on.
        not_ready: the nodes that are not Ready at its end.
        sent: the environment as its files are now.
        leaving: the namespaces that the environment no longer has.
        nodes: the nodes that hosts.yaml does not have.
    """

    def __init__(self, site: Site, patch: pytest.MonkeyPatch) -> None:
        """Put the parts into the apply."""
        self.site, self.refuses = site, ""
        self.not_ready: list[str] = []
        self.calls: list[str] = []
        self.options: dict[str, Any] = {}
        self._out = io.StringIO()
        loaded = SimpleNamespace(
            site=site, installed="a release", logs=site.state / "log", release_file=SimpleNamespace(release="2026.11.0")
        )
        self.sent = site
        patch.setattr(environments, "load", lambda _: self.sent)
        patch.setattr(installation, "load", lambda _: self._note("load", loaded))
        patch.setattr(
            installed,
            "prove_blobs",
            lambda held, *, every: self._note("prove blobs", None, held, every),
        )
        patch.setattr(apply_environment, "check_inputs", lambda _: self._note("check inputs", None))
        patch.setattr(apply_environment, "refuse_change", self._refuse_change)
        patch.setattr(RunHosts, "contact", lambda hosts: self._note("contact hosts", None, hosts.every, hosts.reasons))
        self.leaving: list[str] = []
        self.nodes: list[str] = []
        patch.setattr(apply_environment, "leaving_namespaces", lambda *_: self.leaving)
        patch.setattr(apply_environment, "nodes_without_host", lambda _: self.nodes)
        patch.setattr(apply_environment, "phases", self._phases)
        patch.setattr(apply_environment, "wait_for_nodes", lambda hosts, _: self._note("wait", self.not_ready, hosts))

    @property
    def text(self) -> str:
        """Return what people see."""
        return self._out.getvalue()

    def run(self, **options: Any) -> Any:
        """Run the apply."""
        return apply_environment.run(self.site, Console(file=self._out, width=30), **options)

    def _note(self, name: str, answer: Any, *options: Any) -> Any:
        self.calls.append(name)
        self.options[name] = options
        if name == self.refuses:
            raise InputError("it", "is refused")
        return answer

    def _refuse_change(self, _: object, ledger: Ledger, *, unsupported: bool) -> None:
        assert ledger.last_release() in {"", "2026.11.0"}
        self._note("refuse change", None, unsupported)

    def _phases(self, _: object, hosts: RunHosts, *, is_installed: bool) -> list[Phase]:
        step: Any = SimpleNamespace(
            id="step", title="Step", where="here", key=lambda: "key", is_done=lambda: True, run=self._step
        )
        phases: list[Phase] = self._note("phases", [Phase("All", (step,))], hosts, is_installed)
        return phases

    def _step(self, _: Journal) -> Outcome:
        """Note that the lock is held."""
        owner = json.loads(self.site.lock.read_text())
        outcome: Outcome = self._note("step", Outcome(1), owner)
        return outcome


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Return an apply of a site of this computer, with one worker in maintenance."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    return Watched(local_site(tmp_path, maintenance=["worker2"]), monkeypatch)


def test_everything_is_judged_before_the_first_step(watched: Watched) -> None:
    """The store, the inputs, the release and the hosts come first, then the steps, all of them under the lock."""
    summary = watched.run()
    assert watched.calls == [*BEFORE, "phases", "step", "wait"]
    assert (summary.ran, summary.passed_by) == ({"step": 1}, {"worker2": "in maintenance"})
    assert watched.options["step"][0]["pid"]
    assert watched.site.lock.read_text() == ""
    assert "passing by worker2: in maintenance" in watched.text
    assert last_runs(watched.site.ledger)[0] == "2026.11.0"
    assert summary.log.parent == watched.site.state / "log"


@pytest.mark.parametrize("part", BEFORE)
def test_what_is_refused_before_the_first_step_changes_nothing(part: str, watched: Watched) -> None:
    """No step runs, the ledger has no run, and the lock is free again."""
    watched.refuses = part
    with pytest.raises(BedplateError, match="is refused"):
        watched.run()
    assert watched.calls == BEFORE[: BEFORE.index(part) + 1]
    assert last_runs(watched.site.ledger) == ("", [])
    watched.refuses = ""
    assert watched.run().ran == {"step": 1}


def test_another_version_that_was_sent_meanwhile_is_not_applied(watched: Watched) -> None:
    """What is applied is what the user confirmed and what the ledger records, also if two people start at once."""
    watched.sent = Site(watched.site.folder, watched.site.environment, watched.site.hosts[:-1])
    with pytest.raises(BedplateError, match="was replaced by another version"):
        watched.run()
    assert watched.calls == []
    watched.sent = Site(watched.site.folder, watched.site.environment, watched.site.hosts)
    assert watched.run().ran == {"step": 1}


def test_a_namespace_is_not_removed_without_consent(watched: Watched) -> None:
    """It is named in any case; whoever says no has changed nothing, and an apply without a question proceeds."""
    watched.leaving = ["risk-apps", "risk-notebooks"]
    asked: list[str] = []

    def refuse(question: str) -> None:
        asked.append(question)
        raise InputError("it", "is refused")

    with pytest.raises(InputError):
        watched.run(confirm=refuse)
    assert asked == ["End everything that runs in risk-apps, risk-notebooks?"]
    assert (watched.calls, last_runs(watched.site.ledger)) == (BEFORE, ("", []))
    assert watched.run().ran == {"step": 1}
    assert watched.text.count("removing risk-apps, risk-notebooks: rights and pods end, volumes stay") == 2


def test_a_node_that_hosts_yaml_does_not_have_is_named(watched: Watched) -> None:
    """With the command that removes it; the apply is complete all the same."""
    watched.nodes = ["worker9"]
    assert watched.run().is_complete
    assert "node worker9 is not in hosts.yaml; remove it with: kubectl delete node worker9" in watched.text


def test_options_reach_what_they_are_for(watched: Watched) -> None:
    """All steps, a limit and an unsupported release are asked for by name, and not otherwise."""
    watched.run()
    assert watched.options["prove blobs"] == ("a release", False)
    assert watched.options["refuse change"] == (False,)
    assert watched.run().skipped == ["step"]
    summary = watched.run(every=True, unsupported=True, limit=["worker1", "bastion", "cp1"])
    assert summary.ran == {"step": 1}
    assert watched.options["prove blobs"] == ("a release", True)
    assert watched.options["refuse change"] == (True,)
    assert watched.options["contact hosts"][0] is True


def test_an_interrupted_apply_is_named(watched: Watched) -> None:
    """What a killed apply left in its lock is said once."""
    watched.site.lock.parent.mkdir(parents=True)
    watched.site.lock.write_text('{"pid": "1", "since": "2026-11-27 10:00:00 UTC"}')
    watched.run()
    assert "resuming the apply of 2026-11-27 10:00:00 UTC, which was interrupted" in " ".join(watched.text.split())
    first = watched.text
    watched.run()
    assert watched.text.count("resuming") == first.count("resuming") == 1


def test_a_node_that_is_not_ready_at_the_end_makes_the_run_incomplete(watched: Watched) -> None:
    """It is named with the reason, although every step is done, and so does the next run until it is Ready."""
    watched.run()
    watched.not_ready = ["node worker1 is not Ready: NodeStatusUnknown"]
    summary = watched.run()
    assert (summary.skipped, summary.left, summary.is_complete) == (["step"], watched.not_ready, False)
    assert read_last_run(watched.site.ledger)["outcome"] == INCOMPLETE
    watched.not_ready = []
    assert watched.run().is_complete
    assert read_last_run(watched.site.ledger)["outcome"] == DONE
