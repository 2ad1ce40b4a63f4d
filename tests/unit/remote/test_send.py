"""The shell script that receives an environment's folder on the bastion, run here."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from bedplate.remote import send


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return an environment's folder as it is on an administrator's computer."""
    folder = tmp_path / "here"
    (folder / "pki").mkdir(parents=True)
    (folder / "environment.yaml").write_text("one")
    (folder / "pki/publisher.pub").write_text("theirs")
    return folder


def _receive(tmp_path: Path, folder: Path) -> int:
    words = [
        send.RECEIVE_SCRIPT,
        "sh",
        "site",
        str(tmp_path / "etc/site"),
        str(tmp_path / "state/site/apply.lock"),
        str(send.BUSY),
    ]
    done = subprocess.run(["sh", "-c", *words], input=send.pack_environment(folder), capture_output=True, check=False)
    assert not done.stderr
    return done.returncode


def _content(tmp_path: Path) -> dict[str, str]:
    folder = tmp_path / "etc/site"
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_it_is_received_and_replaced(tmp_path: Path, folder: Path) -> None:
    """A new folder is created, and a changed one replaces it; files that the bastion published stay."""
    assert _receive(tmp_path, folder) == 0
    (tmp_path / "etc/site/pki/ca.crt").write_text("own")
    (folder / "environment.yaml").write_text("two")
    assert _receive(tmp_path, folder) == 0
    assert _content(tmp_path) == {"environment.yaml": "two", "pki/publisher.pub": "theirs", "pki/ca.crt": "own"}
    assert sorted(path.name for path in (tmp_path / "etc").iterdir()) == [".site.lock", "site"]


def test_an_equal_one_is_left_alone(tmp_path: Path, folder: Path) -> None:
    """An equal folder replaces nothing."""
    _receive(tmp_path, folder)
    before = (tmp_path / "etc/site").stat().st_ino
    assert _receive(tmp_path, folder) == 0
    assert (tmp_path / "etc/site").stat().st_ino == before


def test_nothing_changes_under_an_apply(tmp_path: Path, folder: Path) -> None:
    """While an apply holds the environment lock, an equal folder is accepted and a changed one is refused."""
    _receive(tmp_path, folder)
    with (tmp_path / "state/site/apply.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert _receive(tmp_path, folder) == 0
        (folder / "environment.yaml").write_text("two")
        assert _receive(tmp_path, folder) == send.BUSY
    assert _content(tmp_path)["environment.yaml"] == "one"
    assert _receive(tmp_path, folder) == 0
    assert _content(tmp_path)["environment.yaml"] == "two"


def test_one_that_was_stopped_between_the_renames_resumes(tmp_path: Path, folder: Path) -> None:
    """After a kill between the renames, files that the bastion published are not lost."""
    _receive(tmp_path, folder)
    (tmp_path / "etc/site/pki/ca.crt").write_text("own")
    os.rename(tmp_path / "etc/site", tmp_path / "etc/site.old")  # noqa: PTH104  as mv does
    assert _receive(tmp_path, folder) == 0
    assert _content(tmp_path)["pki/ca.crt"] == "own"
