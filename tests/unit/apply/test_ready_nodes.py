"""The nodes at the end of an apply: which must be Ready, how long that is waited for, and which are named."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bedplate.apply import ready_nodes
from bedplate.apply.run_hosts import choose_hosts
from bedplate.core.errors import BedplateError
from factories.local_hosts import local_site

READY = dict.fromkeys(("cp1", "worker1", "worker2"), "Ready")


class Nodes:
    """What the cluster says of its nodes, one answer after the other; the last one is repeated.

    Attributes:
        answers: they.
        seconds: how long was waited.
    """

    def __init__(self, patch: pytest.MonkeyPatch, *answers: dict[str, str] | BedplateError) -> None:
        """Stand for the cluster and the clock."""
        self.answers, self.seconds = [*answers], 0.0
        patch.setattr(ready_nodes, "read_nodes", self._read)
        patch.setattr(time, "monotonic", lambda: self.seconds)
        patch.setattr(time, "sleep", self._sleep)

    def _read(self, _: object) -> dict[str, str]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BedplateError):
            raise answer
        return answer

    def _sleep(self, seconds: float) -> None:
        self.seconds += seconds


def _say(_: str) -> None:
    """Show nothing."""


def _wait(folder: Path, **options: list[str]) -> list[str]:
    maintenance, limit = options.get("maintenance", []), options.get("limit", [])
    return ready_nodes.wait_for_nodes(choose_hosts(local_site(folder, maintenance=maintenance), None, limit), _say)


def test_ready_nodes_are_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bastion is not a node, and other nodes do not count."""
    nodes = Nodes(monkeypatch, {**READY, "worker9": "NodeStatusUnknown"})
    assert (_wait(tmp_path), nodes.seconds) == ([], 0)


def test_a_node_that_becomes_ready_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its kubelet was started in this run; the API server may be away for a moment, too."""
    nodes = Nodes(monkeypatch, {**READY, "worker1": "KubeletNotReady"}, BedplateError("API server", "is away"), READY)
    assert (_wait(tmp_path), nodes.seconds) == ([], 2 * ready_nodes.POLL_SECONDS)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({**READY, "worker2": "NodeStatusUnknown"}, {"worker2": "NodeStatusUnknown"}),
        ({"cp1": "Ready", "worker1": "Ready"}, {"worker2": "is not a node of the cluster"}),
        (BedplateError("API server", "does not\nanswer"), dict.fromkeys(READY, "API server does not answer")),
    ],
)
def test_a_node_that_stays_away_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: dict[str, str] | BedplateError, found: dict[str, str]
) -> None:
    """The wait ends, whatever the reason."""
    nodes = Nodes(monkeypatch, answer)
    assert _wait(tmp_path) == [f"node {name} is not Ready: {reason}" for name, reason in found.items()]
    assert ready_nodes.READY_SECONDS <= nodes.seconds <= ready_nodes.READY_SECONDS + ready_nodes.POLL_SECONDS


@pytest.mark.parametrize("options", [{"maintenance": ["worker2"]}, {"limit": ["cp1", "worker1"]}])
def test_hosts_that_were_passed_by_need_no_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, list[str]]
) -> None:
    """The run did not configure them; why, it has said already."""
    nodes = Nodes(monkeypatch, {"cp1": "Ready", "worker1": "Ready", "worker2": "NodeStatusUnknown"})
    assert (_wait(tmp_path, **options), nodes.seconds) == ([], 0)


def test_a_node_that_hosts_yaml_does_not_have_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was taken out of hosts.yaml stays in the cluster until someone deletes its node."""
    Nodes(monkeypatch, {**READY, "worker9": "NodeStatusUnknown"})
    assert ready_nodes.nodes_without_host(local_site(tmp_path)) == ["worker9"]
    Nodes(monkeypatch, BedplateError("kubectl", "did not answer"))
    assert ready_nodes.nodes_without_host(local_site(tmp_path)) == []
