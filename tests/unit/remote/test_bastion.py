"""Forwarding of commands to the bastion."""

from __future__ import annotations

import io
import os
import sqlite3
import sys
import tarfile
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from typer.testing import CliRunner, Result

from bedplate import cli
from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core import command, paths
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.hosts import ssh
from bedplate.lab import lab_address
from bedplate.lab.lab_environment import ensure_environment
from bedplate.remote import bastion, send

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM8htMWF/2x9Wgk4nlNjJK5lG7m+AiTkTYtVkGC8pl1+"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return a lab's environment, on a machine that is not its bastion."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return ensure_environment(lab_address.reserve_lab("second"), KEY, "2026.11.0")


def test_the_command_names_the_environment_as_the_bastion_knows_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path typed here becomes the name there, and arguments are quoted for the remote shell."""
    seen: list[str] = []

    def run_in_terminal(words: list[str]) -> int:
        seen.append(words[-1])
        return 7

    monkeypatch.setattr(send, "send_environment", lambda _: None)
    monkeypatch.setattr(command, "run_in_terminal", run_in_terminal)
    assert bastion.forward(site, ["verify", "./x/second", "--only", "a b"], "./x/second") == 7
    assert seen[0].endswith("/usr/local/bin/bedplate verify second --only 'a b'")


def test_a_bastion_lost_on_the_way_is_one_clear_line(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 255 comes from SSH, not from Bedplate."""
    monkeypatch.setattr(send, "send_environment", lambda _: None)
    monkeypatch.setattr(command, "run_in_terminal", lambda _: 255)
    with pytest.raises(BedplateError, match="was lost while the command ran"):
        bastion.forward(site, ["apply", "second"])


def test_only_the_environments_own_files_travel(site: Site) -> None:
    """A private key in the folder is not sent."""
    (site.folder / "secret.key").write_text("private")
    with tarfile.open(fileobj=io.BytesIO(send.pack_environment(site.folder))) as tar:
        assert set(tar.getnames()) == {"environment.yaml", "hosts.yaml", "known_hosts"}


class FakeBastion:
    """A fake bastion: it records what is sent, and has one file to fetch."""

    def __init__(self, code: int = 0) -> None:
        """Make every command exit with this code."""
        self.code, self.ran, self.fetched = code, [""], [""]

    def run_in_terminal(self, words: list[str]) -> int:
        """Run a command."""
        self.ran.append(words[-1].partition("bedplate ")[2])
        return self.code

    def run(self, _: object, words: list[str], **__: object) -> CompletedProcess[bytes]:
        """Return a tar of a folder's newest entry."""
        self.fetched.append(" ".join(words[-3:-1]))
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            member = tarfile.TarInfo("second.inventory")
            member.size = len(b"signed")
            tar.addfile(member, io.BytesIO(b"signed"))
        return CompletedProcess(words, 0, buffer.getvalue())


@pytest.fixture
def far(site: Site, monkeypatch: pytest.MonkeyPatch) -> FakeBastion:
    """Return a fake bastion of the environment `second`."""
    fake = FakeBastion()
    monkeypatch.setattr(send, "send_environment", lambda sent: fake.ran.append(f"send {sent.environment.name}"))
    monkeypatch.setattr(command, "run_in_terminal", fake.run_in_terminal)
    monkeypatch.setattr(ssh, "run", fake.run)
    assert not site.is_here
    return fake


def typed(monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    """Type a command."""
    monkeypatch.setattr(sys, "argv", ["bedplate", *words])
    return CliRunner().invoke(cli.build([*words]), [*words])


def test_an_options_environment_is_renamed_too(site: Site, far: FakeBastion) -> None:
    """--env PATH and --env=PATH are replaced by the name; an argument that contains the path is not."""
    words = ["release", "list", "--env", "./x/second", "--env=./x/second", "a=./x/second", "--a=b"]
    bastion.forward(site, words, "./x/second")
    assert far.ran[-1] == "release list --env second --env=second a=./x/second --a=b"


def test_an_inventory_is_copied_back(
    site: Site, far: FakeBastion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bastion writes the file into its own state, and it is copied to --out on this machine."""
    out = tmp_path / "stick/here.inventory"
    done = typed(monkeypatch, "bundle", "inventory", "--env", str(site.folder), "--out", str(out), "--read")
    assert done.exit_code == 0, done.output
    state = "/var/lib/bedplate/environments/second/log/inventory"
    options = "--store /var/lib/bedplate/store --read --output text"
    assert far.ran[1:] == ["send second", f"bundle inventory --env second --out {state}/second.inventory {options}"]
    assert far.fetched[-1] == f"{state} second.inventory"
    assert out.read_bytes() == b"signed"
    assert f"Copied to this machine: {out}" in done.output


def test_no_inventory_is_copied_after_a_failure(
    far: FakeBastion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exit code is that of the bastion, and no older file is copied instead."""
    far.code = 1
    done = typed(monkeypatch, "bundle", "inventory", "--env", "second", "--out", str(tmp_path / "here.inventory"))
    assert done.exit_code == 1
    assert far.fetched == [""]
    assert not (tmp_path / "here.inventory").exists()


def test_a_bundle_on_the_bastion_is_named_whole(
    far: FakeBastion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path is refused: it would depend on the working directory of the SSH session."""
    words = ["bundle", "inventory", "--env", "second", "--out", str(tmp_path / "here.inventory")]
    assert typed(monkeypatch, *words, "/media/bundle").exit_code == 0
    assert far.ran[-1].endswith(" --output text /media/bundle")
    done = typed(monkeypatch, *words, "bundle")
    assert isinstance(done.exception, InputError)
    assert "is looked for on the bastion" in str(done.exception)


@pytest.mark.parametrize("words", [["list"], ["remove", "2026.11.0", "--force"]])
def test_releases_of_another_machine(far: FakeBastion, words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With --env, the command is forwarded to that environment's bastion."""
    far.code = 3
    done = typed(monkeypatch, "release", *words, "--env", "second")
    assert done.exit_code == 3
    assert far.ran[1:] == ["send second", " ".join(["release", *words, "--env", "second"])]


def test_a_release_to_come_stops_only_what_is_about_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bastion whose environment names a release to come can still list what it has."""
    path = site.folder / environments.ENVIRONMENT
    path.write_text(path.read_text().replace("2026.11.0", "2099.1.0"))
    with pytest.raises(ErrorList, match="not found in releases"):
        bastion.checked_site("second", needs_release=False)
    monkeypatch.setattr(bastion, "ON_BASTION", site.folder.parent)
    monkeypatch.setattr(environments, "ON_BASTION", site.folder.parent)
    monkeypatch.setenv("https_proxy", "http://198.18.255.99:3128")
    assert bastion.checked_site("second", needs_release=False).is_here
    assert "https_proxy" not in os.environ, "hosts and cluster are reached directly"
    with pytest.raises(ErrorList, match="not found in releases"):
        bastion.checked_site("second")


def test_a_command_on_the_bastion_moves_the_state_first(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """So no command looks for the state in its new place while it is still in the former one."""
    monkeypatch.setattr(bastion, "ON_BASTION", site.folder.parent)
    monkeypatch.setattr(environments, "ON_BASTION", site.folder.parent)
    monkeypatch.setattr(paths, "STATE", site.folder.parent.parent / "lib")
    ledger = paths.STATE / "second" / "ledger.db"
    ledger.parent.mkdir(parents=True)
    sqlite3.connect(ledger).execute("CREATE TABLE steps (step TEXT, started REAL)").connection.close()
    assert bastion.checked_site("second").ledger.is_file()
    assert ledger.parent.is_symlink()
