"""How acceptance tests reach hosts, their logs, and the hub."""

from __future__ import annotations

import gzip
from pathlib import Path

import httpx
import pytest
import testinfra

from bedplate.acceptance.fixtures import connect
from bedplate.acceptance.hub_client import HubUser
from bedplate.acceptance.log_lines import count_lines, lines_since
from bedplate.core.errors import BedplateError
from factories.render_site import make_site

FORM = '<form><input name="_xsrf" value="abc"></form>'
HERE = testinfra.get_host("local://")


@pytest.mark.parametrize(("user", "sudo"), [("root", False), ("ops", True)])
def test_hosts_are_queried_as_root(user: str, sudo: bool, tmp_path: Path) -> None:  # noqa: FBT001  a column of the table
    """If the login of a host is not root, its commands run with sudo."""
    site = make_site(tmp_path)
    machine = site.workers[0].model_copy(update={"user": user})
    command = connect(site, machine).backend.get_command("nft list tables")
    assert command.startswith("sudo /bin/sh -c") is sudo
    assert "nft list tables" in command


def test_no_connection_outlives_its_command(tmp_path: Path) -> None:
    """A shared connection would be a process for each host, which stays after the run."""
    site = make_site(tmp_path)
    command = connect(site, site.workers[0]).backend.ssh_extra_args
    assert "ControlMaster=no" in command
    assert "ControlPersist" not in command


@pytest.mark.parametrize("compressed", [False, True])
def test_lines_are_found_after_a_rotation(compressed: bool, tmp_path: Path) -> None:  # noqa: FBT001  a column of the table
    """The lines since a moment are found, also if the log was rotated since then."""
    log = tmp_path / "pulls.log"
    log.write_text("one\ntwo\n")
    before = count_lines(HERE, str(log))
    log.write_text("one\ntwo\nthree\n")
    assert lines_since(HERE, str(log), before) == ["three"]
    if compressed:
        log.with_name("pulls.log.1.gz").write_bytes(gzip.compress(log.read_bytes()))
    else:
        log.with_name("pulls.log.1").write_bytes(log.read_bytes())
    log.write_text("four\n")
    assert {"three", "four"} <= set(lines_since(HERE, str(log), before))


def _user(tmp_path: Path, status: int, text: str, path: str = "/hub/login") -> HubUser:
    """Return a user of a hub that answers to the login form with a status and a page."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and path != "/hub/login":
            return httpx.Response(302, headers={"Location": path})
        return httpx.Response(200, text=FORM) if request.method == "GET" else httpx.Response(status, text=text)

    authority = tmp_path / "ca.crt"
    authority.write_bytes(Path("/etc/ssl/certs/ca-certificates.crt").read_bytes())
    user = HubUser("https://hub.test", authority, "acceptance")
    user.client = httpx.Client(transport=httpx.MockTransport(answer), base_url=user.base, follow_redirects=True)
    return user


@pytest.mark.parametrize(
    ("status", "text", "refused"),
    [
        (403, "Invalid username or password", True),
        (403, "Login form invalid or expired. Try again.", False),
        (500, "Invalid username or password", False),
        (500, "internal error", False),
        (200, "welcome", False),
    ],
    ids=["wrong password", "form is invalid", "500 with the words", "500", "accepted"],
)
def test_a_refused_password_is_no_other_error(status: int, text: str, refused: bool, tmp_path: Path) -> None:  # noqa: FBT001  a column of the table
    """Only the hub's own answer counts as a refusal of the password."""
    assert _user(tmp_path, status, text).is_refused("wrong") is refused


def test_errors_of_the_hub_have_no_page(tmp_path: Path) -> None:
    """An error quotes the hub's message, but no page and no object."""
    user = _user(tmp_path, 500, '{"message": "no quota", "token": "planted"}')
    with pytest.raises(BedplateError, match="refused to start the server: 500 no quota") as caught:
        user.start({})
    assert "planted" not in str(caught.value)
    with pytest.raises(BedplateError) as caught:
        _user(tmp_path, 500, "<html>planted</html>").start({})
    assert "planted" not in str(caught.value)
