"""What `lab up` does to start a machine, by the state that it is in."""

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


class MachineState(NamedTuple):
    """What podman and runc report of a machine, and what `lab up` must do."""

    status: str | None
    started: str
    process: str
    state: str
    done: set[str]
    records_exit: bool = False


STATES = {
    "absent": MachineState(None, NEVER, "", container_state.ABSENT, {"create", "cp", "start"}),
    "never started": MachineState("created", NEVER, "", container_state.CREATED, {"create", "cp", "start"}),
    "forgotten by a reboot": MachineState("created", ONCE, "", container_state.EXITED, {"start"}),
    "shut down": MachineState("exited", ONCE, "", container_state.EXITED, {"start"}),
    "running": MachineState("running", ONCE, "running", container_state.RUNNING, set()),
    "killed with conmon": MachineState(
        "running", ONCE, "stopped", container_state.KILLED, {"start"}, records_exit=True
    ),
    "killed while it stopped": MachineState(
        "stopping", ONCE, "stopped", container_state.KILLED, {"start"}, records_exit=True
    ),
}


@pytest.fixture
def lab_and_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[lab_address.Lab, Site]:
    """Reserve a lab with an environment and no machines."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    lab = lab_address.reserve_lab("one")
    return lab, ensure_environment(lab, KEY, "2026.11.0")


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_a_machine_is_created_only_if_it_never_ran(
    state: MachineState, lab_and_site: tuple[lab_address.Lab, Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that ran keeps its files and is started; the exit of a killed one is recorded for podman."""
    lab, site = lab_and_site
    ran: list[str] = []

    def run(words: list[Any], **_: object) -> CompletedProcess[bytes]:
        ran.extend(str(word) for word in words)
        found = {"Id": "1234", "State": {"Status": state.status, "StartedAt": state.started}}
        answer = json.dumps([found]) if "inspect" in words else "running"
        if words[0] == "runc":
            answer = json.dumps({"status": state.process})
        return CompletedProcess(words, int("inspect" in words and state.status is None), answer.encode(), b"")

    for module in (container, container_state):
        monkeypatch.setattr(module, "run", run)
    monkeypatch.setattr(container_state, "EXITS", tmp_path)
    assert container_state.read_state(lab, site.bastion.name) == state.state
    assert container.ensure_machine(lab, site, site.bastion, "image") is bool(state.done)
    assert {word for word in DONE if word in ran} == state.done
    assert (tmp_path / "1234").exists() is state.records_exit


def test_lab_up_waits_until_a_machine_has_booted(
    lab_and_site: tuple[lab_address.Lab, Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command that started the machine may have been killed; nothing uses the machine before it has booted."""
    lab, site = lab_and_site
    answers = iter(["", "starting", "degraded"])

    def run(words: list[Any], **_: object) -> CompletedProcess[bytes]:
        return CompletedProcess(words, 0, next(answers).encode(), b"")

    monkeypatch.setattr(container_state, "read_state", lambda *_: container_state.RUNNING)
    monkeypatch.setattr(container, "run", run)
    assert not container.ensure_machine(lab, site, site.bastion, "image")
    assert list(answers) == []
