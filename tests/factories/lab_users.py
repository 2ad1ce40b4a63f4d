"""Users of the lab's notebooks: add one to a users file on the bastion, and log in from there."""

from __future__ import annotations

import time

from bedplate.hosts import ssh
from factories.running_lab import RunningLab

UPDATE_SECONDS = 300
"""Kubernetes updates a Secret in a running pod within about a minute; after an outage, the hub has to start first."""
POLL_SECONDS = 3
PROGRAM = """
import sys
from pathlib import Path
from bedplate.acceptance.hub_client import HubUser
print(HubUser(sys.argv[1], Path(sys.argv[2]), sys.argv[3]).login(sys.argv[4]))
"""


def set_user(lab: RunningLab, file: str, name: str, password: str) -> None:
    """Add a user of the group researchers to a users file on the bastion."""
    words = ["bedplate", "user", "set", file, name, "--group", "researchers"]
    ssh.run(ssh.bastion(lab.site), words, stdin=f"{password}\n".encode())


def as_user(lab: RunningLab, program: str, *words: str, check: bool = True) -> str:
    """Return what a program prints in the bastion's own installer.

    Args:
        lab: the lab.
        program: text in Python; its arguments are the page's URL, the authority's file, and the words.
        words: such as the user's name and password.
        check: raise an error if it fails.
    """
    environment = lab.site.environment
    tree = f"/opt/bedplate/installer/{environment.release}"
    python = ["env", f"PYTHONPATH={tree}/installer", f"{tree}/.venv/bin/python", "-c", program]
    page = f"https://notebooks.{environment.domain}:{environment.notebooks.port}"
    return lab.inside(*python, page, f"{lab.site.state}/pki/ca.crt", *words, check=check)


def logs_in(lab: RunningLab, name: str, password: str) -> bool:
    """Submit the hub's login form from the bastion, as a browser would; return whether the user is in."""
    return as_user(lab, PROGRAM, name, password, check=False).split()[-1:] == ["True"]


def wait_for_login(lab: RunningLab, name: str, password: str, *, wanted: bool) -> bool:
    """Try until the user can log in, or no longer can; return whether it happened in time."""
    end = time.monotonic() + UPDATE_SECONDS
    while logs_in(lab, name, password) is not wanted:
        if time.monotonic() > end:
            return False
        time.sleep(POLL_SECONDS)
    return True
