"""Who may log in, in a real datacenter: a user who is taken out of the users file stays out."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from bedplate.config import environments
from bedplate.hosts import ssh
from factories.standing_lab import Standing

USERS = "/etc/bedplate/users.yaml"
NAME, PASSWORD = "ada", "correct horse battery staple"
REACHES_SECONDS = 180
"""Kubernetes brings a changed Secret into a running pod within about a minute."""
LOGIN = """
import sys
from pathlib import Path
from bedplate.acceptance.hub_client import HubUser
print(HubUser(sys.argv[1], Path(sys.argv[2]), sys.argv[3]).login(sys.argv[4]))
"""


@pytest.fixture(scope="module")
def users(lab: Standing) -> Iterator[Standing]:
    """Give the lab a users file with one person; afterwards it is as it was."""
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


def test_a_person_of_the_users_file_logs_in(users: Standing) -> None:
    """Added on the bastion and applied, ada gets in with her password and with no other."""
    assert _becomes(users, PASSWORD, wanted=True)
    assert not _logs_in(users, "another")


def test_a_removed_person_is_kept_out_by_the_next_apply(users: Standing) -> None:
    """The same environment is applied again; since the file changed, the hub gets it, and ada is out."""
    before = _hub(users)
    users.inside("bedplate", "user", "remove", USERS, NAME)
    assert users.answer("apply", users.lab.name, "--yes")["ran"].keys() == {"trust", "layer-notebooks"}
    assert _becomes(users, PASSWORD, wanted=False)
    assert _hub(users) == before, "others were thrown out by a restart of the hub"


def _hub(lab: Standing) -> str:
    """Return the identity of the hub's pod."""
    settings = f"{lab.site.state}/pki/admin.conf"
    words = ["get", "pods", "-n", "notebooks", "-l", "bedplate.dev/component=jupyterhub", "-o", "name"]
    return lab.inside("kubectl", "--kubeconfig", settings, *words)


def _becomes(lab: Standing, password: str, *, wanted: bool) -> bool:
    end = time.monotonic() + REACHES_SECONDS
    while _logs_in(lab, password) is not wanted:
        if time.monotonic() > end:
            return False
        time.sleep(3)
    return True


def _logs_in(lab: Standing, password: str) -> bool:
    """Fill in the hub's login form on the bastion, as a browser would."""
    environment = lab.site.environment
    tree = f"/opt/bedplate/installer/{environment.release}"
    python = ["env", f"PYTHONPATH={tree}/installer", f"{tree}/.venv/bin/python", "-c", LOGIN]
    page = f"https://notebooks.{environment.domain}:{environment.notebooks.port}"
    said = lab.inside(*python, page, f"{lab.site.state}/pki/ca.crt", NAME, password, check=False)
    return said.split()[-1:] == ["True"]
