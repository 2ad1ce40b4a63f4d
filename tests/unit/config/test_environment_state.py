"""The state of environments on a bastion, and its move from where earlier releases kept it."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bedplate.config import environment_state
from bedplate.config.environment_state import LOCK, RESERVED, ensure_former_link, ensure_state_moved, ledgers
from bedplate.core import paths
from bedplate.core.errors import BedplateError

NAME = "prod"


class StoppedError(Exception):
    """The process was killed here."""


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a bastion's /var/lib/bedplate."""
    monkeypatch.setattr(paths, "STATE", tmp_path)
    return tmp_path


def _fill(folder: Path) -> Path:
    (folder / "pki").mkdir(parents=True)
    (folder / "pki/ca.key").write_text("the only one")
    (folder / "ledger.db").touch()
    (folder / LOCK).touch()
    return folder


def _assert_moved(state: Path) -> None:
    assert (state / "environments" / NAME / "pki/ca.key").read_text() == "the only one"
    assert (state / NAME).is_symlink()
    assert (state / NAME / "pki/ca.key").read_text() == "the only one"
    assert not list(state.glob(".*.link"))


def test_a_former_state_is_moved_once(state: Path) -> None:
    """The whole folder is moved, a link is left for earlier releases' programs, and a second call does nothing."""
    _fill(state / NAME)
    assert ensure_state_moved(NAME)
    _assert_moved(state)
    assert not ensure_state_moved(NAME)
    assert list(ledgers()) == [NAME]


def test_a_new_environment_gets_no_link(state: Path) -> None:
    """Without a former state, nothing is created."""
    assert not ensure_state_moved(NAME)
    assert list(state.iterdir()) == []


@pytest.mark.parametrize("name", RESERVED)
def test_no_name_collides_with_what_bedplate_keeps(state: Path, name: str) -> None:
    """The store, the mirror and the key of packages are not the state of an environment of the same name."""
    (state / name).mkdir()
    (state / name / "registry").touch()
    assert not ensure_state_moved(name)
    assert (state / name / "registry").exists()


@pytest.mark.parametrize("name", RESERVED)
def test_a_former_state_among_other_things_is_refused(state: Path, name: str) -> None:
    """Where earlier releases mixed it with the store, the error has the command that moves it."""
    _fill(state / name)
    with pytest.raises(BedplateError, match=rf"mv {state}/{name}/ledger.db {state}/{name}/pki {state}/environments"):
        ensure_state_moved(name)
    assert (state / name / "pki/ca.key").exists()


@pytest.mark.parametrize(("where", "stop"), [(Path, "symlink_to"), (Path, "rename"), (environment_state, "_finish")])
def test_a_killed_move_is_finished_by_the_next_call(
    state: Path, monkeypatch: pytest.MonkeyPatch, where: object, stop: str
) -> None:
    """After a kill before or after any of its writes, the state is in one of the two places, and the move resumes."""
    _fill(state / NAME)

    def killed(*_: object) -> None:
        raise StoppedError

    with monkeypatch.context() as patch:
        patch.setattr(where, stop, killed)
        with pytest.raises(StoppedError):
            ensure_state_moved(NAME)
    assert list(ledgers()) == [NAME]
    assert ensure_state_moved(NAME)
    _assert_moved(state)


def test_a_sender_that_came_first_does_no_harm(state: Path) -> None:
    """A folder with nothing but the lock of a sender makes room for the state."""
    _fill(state / NAME)
    (state / "environments" / NAME).mkdir(parents=True)
    (state / "environments" / NAME / LOCK).touch()
    assert ensure_state_moved(NAME)
    _assert_moved(state)


def test_two_states_are_refused(state: Path) -> None:
    """Which one is current is for a person to find out: nothing is moved or removed."""
    _fill(state / NAME)
    _fill(state / "environments" / NAME)
    with pytest.raises(BedplateError, match=r"has state in .*/prod and in .*/environments/prod"):
        ensure_state_moved(NAME)


@contextmanager
def _applying(folder: Path) -> Iterator[None]:
    with (folder / LOCK).open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def test_nothing_moves_under_an_apply_of_an_earlier_release(state: Path) -> None:
    """While it holds its lock, the state stays where it is."""
    with _applying(_fill(state / NAME)), pytest.raises(BedplateError, match="an apply of an earlier release"):
        ensure_state_moved(NAME)
    assert not (state / NAME).is_symlink()
    assert ensure_state_moved(NAME)


def test_a_state_on_another_disk_stays_there(state: Path, tmp_path: Path) -> None:
    """A link to another disk is followed: the new place links to the same folder."""
    disk = _fill(tmp_path / "disk/state")
    (state / NAME).symlink_to("disk/state")
    assert ensure_state_moved(NAME)
    assert (state / "environments" / NAME).resolve() == disk
    assert (state / NAME).resolve() == disk
    assert not ensure_state_moved(NAME)


def test_what_cannot_be_moved_is_one_clear_line(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that a disk is mounted on cannot be renamed."""
    _fill(state / NAME)

    def busy(*_: object) -> None:
        raise OSError(16, "Device or resource busy")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", busy)
        with pytest.raises(BedplateError, match=r"cannot be moved to .*\(Device or resource busy\)"):
            ensure_state_moved(NAME)
    shutil.rmtree(state / NAME)
    assert not ensure_state_moved(NAME)


def test_an_installer_of_an_earlier_release_finds_the_state(state: Path) -> None:
    """Otherwise it would create a second authority for the same hosts."""
    _fill(state / "environments" / NAME)
    ensure_former_link(NAME)
    ensure_former_link(NAME)
    _assert_moved(state)


def test_an_earlier_installer_is_refused_a_name_that_it_uses_itself(state: Path) -> None:
    """In earlier releases, an environment called `mirror` deletes itself."""
    _fill(state / "environments/mirror")
    with pytest.raises(BedplateError, match="name that earlier releases use themselves"):
        ensure_former_link("mirror")
