"""Users in the lab: a user who is added to the users file can log in, and one who is removed cannot."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bedplate.config import environments
from bedplate.hosts import ssh
from factories.running_lab import RunningLab

USERS = "/etc/bedplate/users.yaml"
NAME, PASSWORD = "ada", "correct horse battery staple"
UPDATE_SECONDS = 180
"""Kubernetes updates a Secret in a running pod within about a minute."""
LOGIN = """
import sys
from pathlib import Path
from bedplate.acceptance.hub_client import HubUser
print(HubUser(sys.argv[1], Path(sys.argv[2]), sys.argv[3]).login(sys.argv[4]))
"""


@pytest.fixture(scope="module")
def users(lab: RunningLab) -> Iterator[RunningLab]:
    """Give the lab a users file with one user, and remove it after the tests."""
    file = lab.lab.environment / environments.ENVIRONMENT
    text = file.read_text()
    words = ["bedplate", "user", "set", USERS, NAME, "--group", "researchers"]
    ssh.run(ssh.bastion(lab.site), words, stdin=f"{PASSWORD}\n".encode())
    file.write_text(f"{text}identity: {{users: {USERS}}}\n")
    try:
        assert {"trust", "layer-notebooks"} <= lab.answer("apply", lab.lab.name, "--yes")["ran"].keys()
        yield lab
    finally:
        file.write_text(text)
        lab.answer("apply", lab.lab.name, "--yes")
        lab.inside("rm", "-f", USERS)


def test_a_user_of_the_users_file_logs_in(users: RunningLab) -> None:
    """After apply, ada can log in with her password and with no other."""
    assert _becomes(users, PASSWORD, wanted=True)
    assert not _logs_in(users, "another")


def test_a_removed_user_cannot_log_in_after_the_next_apply(users: RunningLab) -> None:
    """Applying the same environment again updates the users file in the hub, and ada cannot log in."""
    before = _hub(users)
    users.inside("bedplate", "user", "remove", USERS, NAME)
    assert users.answer("apply", users.lab.name, "--yes")["ran"].keys() == {"trust", "layer-notebooks"}
    assert _becomes(users, PASSWORD, wanted=False)
    assert _hub(users) == before, "the hub was restarted, which logs other users out"


def _hub(lab: RunningLab) -> str:
    """Return the identity of the hub's pod."""
    settings = f"{lab.site.state}/pki/admin.conf"
    words = ["get", "pods", "-n", "notebooks", "-l", "bedplate.dev/component=jupyterhub", "-o", "name"]
    return lab.inside("kubectl", "--kubeconfig", settings, *words)


def _becomes(lab: RunningLab, password: str, *, wanted: bool) -> bool:
    end = time.monotonic() + UPDATE_SECONDS
    while _logs_in(lab, password) is not wanted:
        if time.monotonic() > end:
            return False
        time.sleep(3)
    return True


def _logs_in(lab: RunningLab, password: str) -> bool:
    """Submit the hub's login form from the bastion, as a browser would."""
    environment = lab.site.environment
    tree = f"/opt/bedplate/installer/{environment.release}"
    python = ["env", f"PYTHONPATH={tree}/installer", f"{tree}/.venv/bin/python", "-c", LOGIN]
    page = f"https://notebooks.{environment.domain}:{environment.notebooks.port}"
    output = lab.inside(*python, page, f"{lab.site.state}/pki/ca.crt", NAME, password, check=False)
    return output.split()[-1:] == ["True"]
