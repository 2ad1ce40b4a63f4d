"""Commands that change labs at the same time."""

from __future__ import annotations

import fcntl
import json
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess
from typing import IO

import pytest

from bedplate.core.errors import BedplateError
from bedplate.core.locks import lock, try_lock
from bedplate.hosts import ssh
from bedplate.lab import down, lab_address, lab_status
from bedplate.lab.lab_environment import ensure_environment

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIM8htMWF/2x9Wgk4nlNjJK5lG7m+AiTkTYtVkGC8pl1+"


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def test_labs_created_at_once_get_different_numbers() -> None:
    """Two commands that reserve a lab at the same time never share a network."""
    names = [f"lab{number}" for number in range(16)]
    with ThreadPoolExecutor(16) as pool:
        labs = list(pool.map(lab_address.reserve_lab, names))
    assert len({lab.number for lab in labs}) == len(names)


@pytest.mark.parametrize("name", ["all", "lab", "bundle", "publisher"])
def test_a_lab_of_any_name_can_be_created(name: str) -> None:
    """While a lab's own lock is held, numbers can be reserved: no name is that of the lock of all labs."""
    with ThreadPoolExecutor(1) as pool, lab_address.lab_lock(lab_address.reserve_lab(name)) as _:
        assert pool.submit(lab_address.reserve_lab, "two").result(timeout=5).name == "two"


def test_a_lab_is_changed_by_one_command_at_a_time() -> None:
    """While one command creates a lab, another that would remove it is refused and changes nothing."""
    lab = lab_address.reserve_lab("one")
    with (
        try_lock(lab.lock, lab.name, "is held"),
        pytest.raises(BedplateError, match="lab one is being changed by another"),
    ):
        down.remove_lab(lab)
    assert lab.file.exists()


def test_a_lock_is_free_again_after_its_block(tmp_path: Path) -> None:
    """A lock is released, also after an error."""
    with pytest.raises(RuntimeError), lock(tmp_path / "lock"):
        raise RuntimeError
    with lock(tmp_path / "lock"), try_lock(tmp_path / "other", "one", "is held"):
        pass


def test_a_lock_that_its_holder_removed_is_held_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opened the file before it was removed is refused, since the next one would lock another file."""
    file, flock = tmp_path / "lock", fcntl.flock

    def removed_first(held: IO[str], how: int) -> None:
        file.unlink()
        flock(held, how)

    monkeypatch.setattr(fcntl, "flock", removed_first)
    with pytest.raises(BedplateError, match="is held"), try_lock(file, "one", "is held"):
        pytest.fail("two could hold it now")


def test_no_lab_is_reserved_while_the_image_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lab that is created while the last one removes the machine image waits, and then creates the image again."""
    lab = lab_address.reserve_lab("one")
    done: list[Future[lab_address.Lab]] = []
    for name in ("_close_connections", "remove_machines", "remove_network"):
        monkeypatch.setattr(down, name, lambda _: None)

    def remove_images() -> None:
        waiting = pool.submit(lab_address.reserve_lab, "two")
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
        done.append(waiting)

    monkeypatch.setattr(down, "remove_images", remove_images)
    with ThreadPoolExecutor(1) as pool:
        down.remove_lab(lab)
    assert [future.result().name for future in done] == ["two"]


def test_status_of_a_lab_whose_bastion_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machines are shown; the state of the platform is unknown."""
    lab = lab_address.reserve_lab("one")
    ensure_environment(lab, KEY, "2026.11.0")

    def refused(*_: object, **__: object) -> CompletedProcess[bytes]:
        raise BedplateError("SSH to bastion", "failed")

    monkeypatch.setattr(lab_status, "read_state", lambda *_: "running")
    monkeypatch.setattr(ssh, "run", refused)
    found = lab_status.read_status(lab)
    assert {one["state"] for one in found["machines"].values()} == {"running"}
    assert (found["nodes"], found["packets_outside"]) == ({}, None)
    assert json.dumps(found)
