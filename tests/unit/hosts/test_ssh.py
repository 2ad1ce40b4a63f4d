"""SSH options: `ssh -G` prints the settings that OpenSSH would use."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core import command
from bedplate.core.errors import BedplateError
from bedplate.hosts import ansible, ssh
from factories import DATA

GOOD = DATA / "environments/good"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Return the good environment; sockets go to a folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="d") as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield _site(tmp_path)


def _site(tmp_path: Path) -> Site:
    shutil.copytree(GOOD, tmp_path / "site")
    return environments.load(tmp_path / "site")


def _ssh_settings(target: ssh.SshTarget) -> dict[str, str]:
    """Return the settings that ssh would use."""
    done = command.run(["ssh", "-G", *ssh.options(target), target.destination])
    return dict(line.split(" ", 1) for line in done.stdout.decode().splitlines() if " " in line)


def test_only_pinned_keys_are_trusted_and_nothing_prompts(site: Site) -> None:
    """The environment's known_hosts is the only one, and no password prompt can hang a run."""
    found = _ssh_settings(ssh.host(site, site.hosts[1]))
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
def test_the_bastion_is_reached_as_configured(
    site: Site, settings: dict[str, str], destination: str, identity: str | None
) -> None:
    """The default address is the one in hosts.yaml; a relative identity is a path in the environment's folder."""
    bastion = site.environment.bastion.model_copy(update=settings)
    site = Site(site.folder, site.environment.model_copy(update={"bastion": bastion}), site.hosts)
    target = ssh.bastion(site)
    assert target.destination == destination
    assert target.identity == (site.folder / identity if identity else None)


def test_a_long_path_disables_the_shared_connection(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel refuses sockets with long paths; ssh then works without one."""
    folder = tmp_path / ("x" * 60)
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    assert _ssh_settings(ssh.host(site, site.hosts[0]))["controlmaster"] in {"false", "no"}


def test_a_runtime_folder_of_another_user_is_not_used(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """With sudo, the variable may name the caller's folder, whose sockets root would then own."""
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    path = _ssh_settings(ssh.host(site, site.hosts[0])).get("controlpath", "")
    assert not path.startswith(os.environ["XDG_RUNTIME_DIR"])


def test_a_host_that_dies_in_the_middle_is_noticed_in_a_minute(site: Site) -> None:
    """Both ssh and Ansible's connections ask every few seconds whether the host is still there."""
    settings = _ssh_settings(ssh.host(site, site.hosts[0]))
    words = [word for word in ansible.SSH_OPTIONS.split() if word != "-o"]
    for found in (settings, {key.lower(): value for key, value in (word.split("=", 1) for word in words)}):
        assert 0 < int(found["serveraliveinterval"]) * int(found["serveralivecountmax"]) < 60


def test_a_command_without_an_answer_ends(site: Site) -> None:
    """A host that accepts a connection and says nothing more, as a frozen one does, counts as unreachable."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        target = ssh.SshTarget("root@127.0.0.1", site.known_hosts, port=frozen.getsockname()[1])
        with pytest.raises(ssh.UnreachableError, match="no answer within 1 s"):
            ssh.run(target, ["true"], timeout=1, keep=0)


def test_a_connection_for_all_hosts_leaves_no_process(site: Site) -> None:
    """It is neither shared nor kept, as there would be a process for each host of the site."""
    target = ssh.host(site, site.hosts[0])
    done = command.run(["ssh", "-G", *ssh.options(target, keep=0), target.destination]).stdout.decode()
    assert "controlmaster no" in done.replace("false", "no")
    assert "controlpath" not in done.replace("controlpath none", "")
    assert "kexalgorithms curve25519-sha256," in done


def test_a_shared_connection_belongs_to_no_apply(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It outlives the command, and others use it: the next apply must not end it as a leftover of a killed one."""
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv(command.APPLY_MARK, "here")
    variables = ssh.run(ssh.host(site, site.hosts[0]), ["true"]).stdout.decode()
    assert command.APPLY_MARK not in variables
    assert str(tmp_path) in variables


def test_arguments_stay_separate_on_the_host(site: Site) -> None:
    """An argument with spaces or quotes arrives as one."""
    words = ssh.argv(ssh.host(site, site.hosts[1]), ["echo", "two words", "it's"])
    done = command.run(["sh", "-c", f"printf '%s\\n' {words[-1].removeprefix('echo ')}"])
    assert done.stdout.decode().splitlines() == ["two words", "it's"]


def test_a_failed_connection_is_one_line_with_a_hint(site: Site) -> None:
    """It names the target and the reason; nothing listens on this port of this machine."""
    target = ssh.SshTarget("root@127.0.0.1", site.known_hosts, port=1)
    with pytest.raises(BedplateError, match="Connection refused") as caught:
        ssh.run(target, ["true"])
    assert "\n" not in caught.value.subject + caught.value.fact
    assert caught.value.hint


@pytest.mark.parametrize(
    ("folder", "hint"),
    [
        ("tree/inventory/lab", "start the lab with `bedplate lab up`"),
        ("state/bedplate/inventory/lab", "start the lab with `bedplate lab up`"),
        ("state/bedplate/inventory/second", "start the lab with `bedplate lab up --name second`"),
        ("tree/inventory/site", "check address, cabling and sshd"),
    ],
)
def test_a_lab_that_is_not_up_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, site: Site, folder: str, hint: str
) -> None:
    """If the bastion of a lab does not answer, the hint says how to start that lab, also in a fresh clone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    here = site.environment.bastion.model_copy(update={"address": "root@127.0.0.1"})
    environment = site.environment.model_copy(update={"name": Path(folder).name, "bastion": here})
    hosts = tuple(host.model_copy(update={"port": 1}) for host in site.hosts)
    with pytest.raises(BedplateError, match="Connection refused") as caught:
        ssh.run(ssh.bastion(Site(tmp_path / folder, environment, hosts)), ["true"])
    assert caught.value.hint == hint
