"""The door to SSH says to OpenSSH what it means; OpenSSH itself tells what it understood."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core import command
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh
from factories import DATA

GOOD = DATA / "environments/good"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Return the good environment; sockets go to a folder of the test's own, whose path is short."""
    with tempfile.TemporaryDirectory(prefix="d") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield _site(tmp_path)


def _site(tmp_path: Path) -> Site:
    shutil.copytree(GOOD, tmp_path / "site")
    return environments.load(tmp_path / "site")


def _understood(target: ssh.Target) -> dict[str, str]:
    """Return the settings that ssh itself would use."""
    done = command.run(["ssh", "-G", *ssh.options(target), target.destination])
    return dict(line.split(" ", 1) for line in done.stdout.decode().splitlines() if " " in line)


def test_only_pinned_keys_are_trusted_and_nothing_is_asked(site: Site) -> None:
    """The environment's known_hosts is the only one, and no password prompt can hang a run."""
    found = _understood(ssh.host(site, site.hosts[1]))
    assert found["userknownhostsfile"] == str(site.folder / "known_hosts")
    assert found["globalknownhostsfile"] == "/dev/null"
    assert found["stricthostkeychecking"] in {"true", "yes"}
    assert found["batchmode"] == "yes"
    assert found["controlmaster"] == "auto"
    assert (found["user"], found["hostname"], found["port"]) == ("root", "10.20.0.11", "22")


@pytest.mark.parametrize(
    ("settings", "destination", "identity"),
    [
        ({}, "root@10.20.0.10", None),
        ({"address": "ops@bastion.example.internal"}, "ops@bastion.example.internal", None),
        ({"identity": "keys/id"}, "root@10.20.0.10", "keys/id"),
        ({"identity": "/somewhere/id"}, "root@10.20.0.10", "/somewhere/id"),
    ],
)
def test_the_bastion_is_reached_as_the_environment_says(
    site: Site, settings: dict[str, str], destination: str, identity: str | None
) -> None:
    """Without an address it is hosts.yaml's; a relative identity lies in the environment's folder."""
    bastion = site.environment.bastion.model_copy(update=settings)
    site = Site(site.folder, site.environment.model_copy(update={"bastion": bastion}), site.hosts)
    target = ssh.bastion(site)
    assert target.destination == destination
    assert target.identity == (site.folder / identity if identity else None)


def test_a_long_path_makes_no_shared_connection(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel refuses sockets with long paths; ssh then works without one."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / ("x" * 60)))
    assert _understood(ssh.host(site, site.hosts[0]))["controlmaster"] in {"false", "no"}


def test_words_stay_words_on_the_other_side(site: Site) -> None:
    """What has spaces or quotes arrives as one word."""
    words = ssh.argv(ssh.host(site, site.hosts[1]), ["echo", "two words", "it's"])
    done = command.run(["sh", "-c", f"printf '%s\\n' {words[-1].removeprefix('echo ')}"])
    assert done.stdout.decode().splitlines() == ["two words", "it's"]


def test_no_connection_is_told_in_one_line(site: Site) -> None:
    """Subject, reason and what to look at; nobody listens on this port of this machine."""
    target = ssh.Target("root@127.0.0.1", site.known_hosts, port=1)
    with pytest.raises(BedplateError, match="Connection refused") as caught:
        ssh.run(target, ["true"])
    assert "\n" not in str(caught.value)
    assert caught.value.next_step
