"""A machine's state: podman's word for it, corrected where podman could not see the machine die."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bedplate.core.command import run
from bedplate.core.files import write_atomic
from bedplate.lab.lab_address import Lab

ABSENT = ""
CREATED = "created"
"""It never ran: whoever made it may have been killed before its keys were in it."""
RUNNING = "running"
EXITED = "exited"
KILLED = "killed"
"""It ran, and was killed together with conmon, which would have told podman."""
NEVER = "0001-01-01T"
"""How podman's time of a start begins where there was none: Go's zero time."""
EXITS = Path("/run/libpod/exits")
"""Where conmon tells root's podman how a container ended: a file by its identifier, with its exit status."""
SIGKILL_STATUS = "137"


def read_state(lab: Lab, name: str) -> str:
    """Return a machine's state: one of this module's, or another word of podman's (paused, stopping …)."""
    return _state(_inspect(lab, name))


def record_exit(lab: Lab, name: str) -> None:
    """Tell podman of a killed machine that it is dead, so that it can be started again with all that is on it.

    podman believes that a container runs until conmon writes how it ended (libpod's ``checkExitFile``). With conmon
    killed too, only ``rm`` leads out of that state, and would lose the machine's files.
    """
    found = _inspect(lab, name)
    if _state(found) == KILLED:
        write_atomic(EXITS / str(found["Id"]), SIGKILL_STATUS)


def _inspect(lab: Lab, name: str) -> dict[str, Any]:
    done = run(["podman", "container", "inspect", lab.container(name)], check=False)
    return dict(json.loads(done.stdout)[0]) if done.returncode == 0 else {}


def _state(found: dict[str, Any]) -> str:
    if not found:
        return ABSENT
    state = found["State"]
    if state["Status"] == CREATED and not state["StartedAt"].startswith(NEVER):
        return EXITED  # podman forgets that it ran when this machine starts anew
    if state["Status"] in (RUNNING, "stopping") and _is_dead(str(found["Id"])):
        return KILLED
    return str(state["Status"])


def _is_dead(container: str) -> bool:
    """Ask the runtime, which knows a process by its number and the time of its start."""
    done = run(["runc", "state", container], check=False)
    return done.returncode == 0 and json.loads(done.stdout)["status"] == "stopped"
