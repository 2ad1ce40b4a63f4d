"""Users in the lab: a user who is added to the users file can log in, and one who is removed cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bedplate.config import environments
from factories.lab_users import logs_in, set_user, wait_for_login
from factories.running_lab import RunningLab

USERS = "/etc/bedplate/users.yaml"
NAME, PASSWORD = "ada", "correct horse battery staple"


@pytest.fixture(scope="module")
def users(lab: RunningLab) -> Iterator[RunningLab]:
    """Give the lab a users file with one user, and remove it after the tests."""
    file = lab.lab.environment / environments.ENVIRONMENT
    text = file.read_text()
    set_user(lab, USERS, NAME, PASSWORD)
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
    assert wait_for_login(users, NAME, PASSWORD, wanted=True)
    assert not logs_in(users, NAME, "another")


def test_a_removed_user_cannot_log_in_after_the_next_apply(users: RunningLab) -> None:
    """Applying the same environment again updates the users file in the hub, and ada cannot log in."""
    before = _hub(users)
    users.inside("bedplate", "user", "remove", USERS, NAME)
    assert users.answer("apply", users.lab.name, "--yes")["ran"].keys() == {"trust", "layer-notebooks"}
    assert wait_for_login(users, NAME, PASSWORD, wanted=False)
    assert _hub(users) == before, "the hub was restarted, which logs other users out"


def _hub(lab: RunningLab) -> str:
    """Return the identity of the hub's pod."""
    settings = f"{lab.site.state}/pki/admin.conf"
    words = ["get", "pods", "-n", "notebooks", "-l", "bedplate.dev/component=jupyterhub", "-o", "name"]
    return lab.inside("kubectl", "--kubeconfig", settings, *words)
