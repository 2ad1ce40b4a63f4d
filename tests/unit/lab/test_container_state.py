"""What is done to bring a machine up, by the state in which it was left."""

from __future__ import annotations

import json
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, NamedTuple

import pytest

from bedplate.config.environments import Site
from bedplate.lab import container, container_state, lab_address
from bedplate.lab.lab_environment import ensure_environment

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM8htMWF/2x9Wgk4nlNjJK5lG7m+AiTkTYtVkGC8pl1+"
NEVER, ONCE = "0001-01-01T00:00:00Z", "2026-11-27T22:30:25.97Z"
DONE = ("create", "cp", "start")


class Left(NamedTuple):
    """How podman and runc tell of a machine, and what has to be done."""

    status: str | None
    started: str
    process: str
    state: str
    done: set[str]
    told: bool = False


LEFT = {
    "absent": Left(None, NEVER, "", container_state.ABSENT, {"create", "cp", "start"}),
    "never started": Left("created", NEVER, "", container_state.CREATED, {"create", "cp", "start"}),
    "forgotten by a reboot": Left("created", ONCE, "", container_state.EXITED, {"start"}),
    "shut down": Left("exited", ONCE, "", container_state.EXITED, {"start"}),
    "running": Left("running", ONCE, "running", container_state.RUNNING, set()),
    "killed with conmon": Left("running", ONCE, "stopped", container_state.KILLED, {"start"}, told=True),
    "killed while it stopped": Left("stopping", ONCE, "stopped", container_state.KILLED, {"start"}, told=True),
}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[lab_address.Lab, Site]:
    """Reserve a lab that has an environment, and no machines yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    lab = lab_address.reserve_lab("one")
    return lab, ensure_environment(lab, KEY, "2026.11.0")


@pytest.mark.parametrize("left", LEFT.values(), ids=LEFT)
def test_a_machine_is_made_only_if_it_never_ran(
    left: Left, place: tuple[lab_address.Lab, Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that ran keeps its files and is started; podman is told of one that was killed behind its back."""
    lab, site = place
    ran: list[str] = []

    def run(words: list[Any], **_: object) -> CompletedProcess[bytes]:
        ran.extend(str(word) for word in words)
        found = {"Id": "1234", "State": {"Status": left.status, "StartedAt": left.started}}
        answer = json.dumps([found]) if "inspect" in words else "running"
        if words[0] == "runc":
            answer = json.dumps({"status": left.process})
        return CompletedProcess(words, int("inspect" in words and left.status is None), answer.encode(), b"")

    for module in (container, container_state):
        monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(container_state, "EXITS", tmp_path)
    assert container_state.read_state(lab, site.bastion.name) == left.state
    assert container.ensure_machine(lab, site, site.bastion, "image") is bool(left.done)
    assert {word for word in DONE if word in ran} == left.done
    assert (tmp_path / "1234").exists() is left.told


def test_a_machine_that_boots_is_awaited(place: tuple[lab_address.Lab, Site], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever started it may have been killed: nothing is asked of it before it has booted."""
    lab, site = place
    answers = iter(["", "starting", "degraded"])

    def run(words: list[Any], **_: object) -> CompletedProcess[bytes]:
        return CompletedProcess(words, 0, next(answers).encode(), b"")

    monkeypatch.setattr(container_state, "read_state", lambda *_: container_state.RUNNING)
    monkeypatch.setattr(container, "run", run)
    assert not container.ensure_machine(lab, site, site.bastion, "image")
    assert list(answers) == []
