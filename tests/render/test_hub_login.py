"""The release's own JupyterHub with its own configuration: who may stay logged in, and with which groups."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from bedplate.config import users
from bedplate.config.users import Account, Accounts
from bedplate.render.rendered import RenderedObject
from factories.real_hub import RealHub, hub_command, hub_settings, running_hub

PASSWORD = "correct horse"
SOON = 30.0
"""Seconds: the hub of these tests looks a user up again after one."""
DOCUMENTED = 300
"""docs/how-to/users.md: a removed user is logged out within five minutes."""
REFRESH_AGE = """
from traitlets.config.loader import PyFileConfigLoader
from bedplate_hub.authenticator import GroupAuthenticator
import os
config = PyFileConfigLoader(os.environ["HUB_CONFIG"]).load_config()
print(GroupAuthenticator(config=config).auth_refresh_age)
"""


@pytest.fixture(scope="module")
def hub(wheels: Path, rendered: list[RenderedObject], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealHub]:
    """Run the hub of the test's environment."""
    with running_hub(wheels, hub_settings(rendered), tmp_path_factory.mktemp("hub")) as started:
        yield started


@pytest.fixture(autouse=True)
def _accounts(hub: RealHub) -> None:
    """Begin with two users."""
    _write(hub, ada=["radiology"], bob=["radiology"])


def _write(hub: RealHub, **groups: list[str]) -> None:
    password = users.hash_password(PASSWORD)
    accounts = [Account(name=name, password=password, groups=found) for name, found in groups.items()]
    users.write(hub.users, Accounts(users=accounts))


def _becomes(ask: Callable[[], object], expected: object) -> bool:
    end = time.monotonic() + SOON
    while (found := ask()) != expected and time.monotonic() < end:
        time.sleep(0.2)
    return found == expected


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("eve", PASSWORD), ("ada", "")])
def test_others_are_refused(hub: RealHub, name: str, password: str) -> None:
    """A wrong password or name gets the login page again, with the reason; the right ones get in."""
    with hub.browser() as browser:
        refused = browser.log_in(name, password)
        assert refused.status_code == httpx.codes.FORBIDDEN
        assert "Invalid username or password" in refused.text
        assert not browser.is_logged_in()
        assert browser.log_in("ada", PASSWORD).status_code == httpx.codes.FOUND
        assert browser.is_logged_in()


def test_a_removed_user_is_logged_out(hub: RealHub) -> None:
    """A user who is logged in and taken out of the users file is asked for a password again; others stay."""
    with hub.browser() as removed, hub.browser() as other:
        for name, browser in (("ada", removed), ("bob", other)):
            browser.log_in(name, PASSWORD)
            assert browser.is_logged_in()
        _write(hub, bob=["radiology"])
        assert _becomes(removed.is_logged_in, expected=False)
        assert other.is_logged_in()
        assert removed.log_in("ada", PASSWORD).status_code == httpx.codes.FORBIDDEN


def test_a_users_groups_follow_the_users_file(hub: RealHub) -> None:
    """A user who is logged in loses and gets groups without logging in again."""
    with hub.browser() as browser:
        browser.log_in("ada", PASSWORD)
        assert browser.groups() == ["radiology"]
        _write(hub, ada=["rad-admins", "fraud"])
        assert _becomes(browser.groups, ["fraud", "rad-admins"])


def test_users_are_looked_up_as_often_as_documented(wheels: Path, hub: RealHub) -> None:
    """The hub of the release looks every user up again within five minutes."""
    words = hub_command(wheels, hub.users.parent, "-c", REFRESH_AGE)
    age = int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    assert 0 < age <= DOCUMENTED
