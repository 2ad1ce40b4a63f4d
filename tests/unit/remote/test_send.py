"""The shell script that receives an environment's folder on the bastion, run here."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from bedplate.config.published_files import PUBLISHED
from bedplate.remote import send

LOCK, FORMER_LOCK = "state/environments/site/apply.lock", "state/site/apply.lock"


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
        str(tmp_path / LOCK),
        str(tmp_path / FORMER_LOCK),
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


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_the_bastion_publishes_is_not_sent(tmp_path: Path, folder: Path, name: str) -> None:
    """A stale copy on the sender's computer does not replace the bastion's own certificate or key."""
    assert _receive(tmp_path, folder) == 0
    (tmp_path / "etc/site/pki" / name).write_text("own")
    (folder / "pki" / name).write_text("of an earlier bastion")
    (folder / "environment.yaml").write_text("two")
    assert _receive(tmp_path, folder) == 0
    assert _content(tmp_path) == {"environment.yaml": "two", "pki/publisher.pub": "theirs", f"pki/{name}": "own"}


def test_an_equal_one_is_left_alone(tmp_path: Path, folder: Path) -> None:
    """An equal folder replaces nothing."""
    _receive(tmp_path, folder)
    before = (tmp_path / "etc/site").stat().st_ino
    assert _receive(tmp_path, folder) == 0
    assert (tmp_path / "etc/site").stat().st_ino == before


@pytest.mark.parametrize(("held", "linked"), [(LOCK, False), (FORMER_LOCK, False), (FORMER_LOCK, True)])
def test_nothing_changes_under_an_apply(tmp_path: Path, folder: Path, held: str, *, linked: bool) -> None:
    """While an apply holds the environment lock, an equal folder is accepted and a changed one is refused.

    An apply of an earlier release holds it where the state was before, or through a link.
    """
    if held == FORMER_LOCK and linked:
        (tmp_path / LOCK).parent.mkdir(parents=True)
        (tmp_path / "state/site").symlink_to("environments/site")
    (tmp_path / held).parent.mkdir(parents=True, exist_ok=True)
    _receive(tmp_path, folder)
    with (tmp_path / held).open("a") as lock:
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
