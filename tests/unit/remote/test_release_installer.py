"""On a bastion, the installer of the environment's release runs, and no tree that was not signed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bedplate.config import environments
from bedplate.core import paths
from bedplate.core.errors import InputError
from bedplate.remote import bastion, release_installer
from factories import DATA, ROOT

RELEASE = "2026.11.0"


class ReplacedError(Exception):
    """The process was replaced by this command."""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an environment on its bastion, which has the installer of its release and runs another one."""
    folder = tmp_path / "etc/site"
    folder.parent.mkdir()
    subprocess.run(["cp", "-r", DATA / "environments/good", folder], check=True)
    for module in (bastion, environments):
        monkeypatch.setattr(module, "ON_BASTION", tmp_path / "etc")
    monkeypatch.setattr(paths, "STATE", tmp_path / "lib")
    monkeypatch.setattr(release_installer, "INSTALLED", tmp_path / "opt")
    monkeypatch.setattr(sys, "argv", ["bedplate", "status", "site"])
    program = tmp_path / f"opt/installer/{RELEASE}/bedplate"
    program.parent.mkdir(parents=True)
    program.touch()

    def replace(path: Path, words: list[str]) -> None:
        raise ReplacedError(path, words)

    monkeypatch.setattr(os, "execv", replace)
    return folder


def test_another_installer_hands_over(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same command runs again with the release's own installer, before anything of it is checked or read."""
    program = tmp_path / f"opt/installer/{RELEASE}/bedplate"
    (site / "hosts.yaml").write_text("a key that this installer does not know: 1\n")
    with pytest.raises(ReplacedError) as caught:
        bastion.checked_site("site")
    assert caught.value.args == (program, [str(program), "status", "site"])
    assert f"using the installer of release {RELEASE}" in capsys.readouterr().err


def test_the_releases_installer_runs_itself(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not hand over again, also where it is called through a link."""
    (tmp_path / "link").symlink_to(tmp_path / "opt")
    monkeypatch.setattr(release_installer, "INSTALLED", tmp_path / "link")
    monkeypatch.setattr(paths, "SOURCE", tmp_path / f"opt/installer/{RELEASE}")
    release_installer.use_release_installer(site)


@pytest.mark.parametrize("line", ["2099.1.0", "../other", f"x/../{RELEASE}", "[]"])
def test_a_release_that_is_not_installed_is_named_by_the_command(site: Path, tmp_path: Path, line: str) -> None:
    """Nothing is run from a path that a version leads to, even if there is a program."""
    for folder in ("opt/other", "opt/installer/x"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "bedplate").touch()
    text = (site / "environment.yaml").read_text()
    (site / "environment.yaml").write_text(text.replace(f"release: {RELEASE}", f"release: {line}"))
    release_installer.use_release_installer(site)


def test_a_command_about_the_bastion_does_not_hand_over(site: Path) -> None:
    """The installer that was called lists releases, also where the environment's is not installed."""
    assert bastion.checked_site(site.name, needs_release=False).is_here


def test_an_earlier_installer_finds_the_state(site: Path, tmp_path: Path) -> None:
    """One that knows only the former place gets a link; one that knows environments/ gets none."""
    (tmp_path / "lib/environments/site").mkdir(parents=True)
    tree = tmp_path / f"opt/installer/{RELEASE}"
    known = tree / release_installer.KNOWS_STATE
    known.parent.mkdir(parents=True)
    known.touch()
    with pytest.raises(ReplacedError):
        release_installer.use_release_installer(site)
    assert not (tmp_path / "lib/site").exists()
    known.unlink()
    with pytest.raises(ReplacedError):
        release_installer.use_release_installer(site)
    assert (tmp_path / "lib/site").resolve() == tmp_path / "lib/environments/site"
    assert (ROOT / release_installer.KNOWS_STATE).is_file()


@pytest.mark.parametrize("needs_release", [True, False])
def test_other_trees_are_refused_on_a_bastion(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, needs_release: bool
) -> None:
    """Components that no publisher signed are not applied, whichever command would read them."""
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    with pytest.raises(InputError, match="BEDPLATE_TREES names other source trees"):
        bastion.checked_site(site.name, needs_release=needs_release)
