"""A machine's state as podman reports it, corrected if podman missed that the machine was killed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bedplate.core.command import run
from bedplate.core.files import write_atomic
from bedplate.lab.lab_address import Lab

ABSENT = ""
CREATED = "created"
"""It never ran: `lab up` may have been killed before it copied the machine's keys."""
RUNNING = "running"
EXITED = "exited"
KILLED = "killed"
"""It ran, and was killed together with conmon, which would have informed podman."""
NEVER = "0001-01-01T"
"""The beginning of podman's start time if there was no start: Go's zero time."""
EXITS = Path("/run/libpod/exits")
"""Where conmon records for root's podman how a container exited: a file named by its id, with its exit status."""
SIGKILL_STATUS = "137"


def read_state(lab: Lab, name: str) -> str:
    """Return a machine's state: a constant of this module, or another state of podman's (paused, stopping …)."""
    return _state(_inspect(lab, name))


def record_exit(lab: Lab, name: str) -> None:
    """Record a killed machine's exit for podman, so that it can be started again with its files.

    podman assumes that a container runs until conmon records its exit (libpod's ``checkExitFile``). If conmon was
    killed as well, only ``podman rm`` would end that state, and the machine's files would be lost.
    """
    container = _inspect(lab, name)
    if _state(container) == KILLED:
        write_atomic(EXITS / str(container["Id"]), SIGKILL_STATUS)


def _inspect(lab: Lab, name: str) -> dict[str, Any]:
    done = run(["podman", "container", "inspect", lab.container(name)], check=False)
    return dict(json.loads(done.stdout)[0]) if done.returncode == 0 else {}


def _state(container: dict[str, Any]) -> str:
    if not container:
        return ABSENT
    state = container["State"]
    if state["Status"] == CREATED and not state["StartedAt"].startswith(NEVER):
        return EXITED  # podman forgets that it ran when the computer reboots
    if state["Status"] in (RUNNING, "stopping") and _is_dead(str(container["Id"])):
        return KILLED
    return str(state["Status"])


def _is_dead(container_id: str) -> bool:
    """Return whether the runtime, which knows a process by its id and its start time, says that it stopped."""
    done = run(["runc", "state", container_id], check=False)
    return done.returncode == 0 and json.loads(done.stdout)["status"] == "stopped"
