"""Pulumi's own locks: a killed run's is removed, and one whose owner may still run is respected."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi import automation

from bedplate.cluster import stack_lock, stack_state
from bedplate.cluster.stack_name import StackName
from bedplate.config.environments import Site
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from factories.render_site import make_site

STACK = StackName("monitoring")
HERE = socket.gethostname()


class PretendedStack:
    """A stack of the Automation API that counts what is cancelled, and the command that meets the lock."""

    def __init__(self, locked: int) -> None:
        """Let some calls meet a lock."""
        self.cancelled, self.calls, self._locked = 0, 0, locked

    def cancel(self) -> None:
        """Remove the lock."""
        self.cancelled += 1

    def call(self) -> str:
        """Return an answer, or meet the lock."""
        self.calls += 1
        if self.calls <= self._locked:
            raise automation.ConcurrentUpdateError(automation.CommandResult("", "is locked", 255))
        return "done"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Return an environment whose state is the test's own."""
    monkeypatch.setattr(paths, "STATE", tmp_path / "state")
    return make_site(tmp_path)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[int]:
    """Run a program that is called pulumi, and return its process id."""
    shutil.copy(shutil.which("sleep") or "", tmp_path / "pulumi")
    with subprocess.Popen([tmp_path / "pulumi", "600"]) as process:
        yield process.pid
        process.kill()


def _lock(site: Site, text: str, stack: StackName = STACK) -> Path:
    folder = stack_state.backend(site) / "locks/organization" / stack.project / stack.in_pulumi(site)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "lock.json"
    path.write_text(text)
    return path


def _owner(pid: object, hostname: str = HERE) -> str:
    return json.dumps({"pid": pid, "username": "ada", "hostname": hostname, "timestamp": "2026-11-28T00:00:00Z"})


def _unlocked(site: Site, stack: PretendedStack) -> str:
    opened: Any = stack
    return stack_lock.unlocked(site, STACK, opened, stack.call)


def test_without_a_lock_nothing_is_cancelled(site: Site) -> None:
    """The command runs once."""
    stack = PretendedStack(0)
    assert (_unlocked(site, stack), stack.calls, stack.cancelled) == ("done", 1, 0)


def _is_dead(_: int) -> str:
    return _owner(2**22 + 1)


def _is_another_program(_: int) -> str:
    return _owner(os.getpid())


@pytest.mark.parametrize("owner", [_is_dead, _is_another_program])
def test_the_lock_of_a_killed_run_is_removed(owner: Callable[[int], str], site: Site) -> None:
    """Where no Pulumi with the owner's number runs, the lock is cancelled, and the command runs again."""
    _lock(site, owner(0))
    stack = PretendedStack(1)
    assert (_unlocked(site, stack), stack.calls, stack.cancelled) == ("done", 2, 1)


def test_the_lock_of_a_zombie_is_removed(site: Site, running: int) -> None:
    """A Pulumi that was killed runs no more, even before its parent has noticed."""
    os.kill(running, signal.SIGKILL)
    os.waitid(os.P_PID, running, os.WEXITED | os.WNOWAIT)
    _lock(site, _owner(running))
    assert _unlocked(site, PretendedStack(1)) == "done"


def _runs_here(pid: int) -> str:
    return _owner(pid)


def _runs_elsewhere(_: int) -> str:
    return _owner(2**22 + 1, "another-machine")


@pytest.mark.parametrize("owner", [_runs_here, _runs_elsewhere])
def test_the_lock_of_a_running_update_is_respected(owner: Callable[[int], str], site: Site, running: int) -> None:
    """Its process, user and machine are named; nothing is cancelled, and the command does not run again."""
    _lock(site, owner(running))
    stack = PretendedStack(1)
    with pytest.raises(
        BedplateError, match=r"stack monitoring is being changed .* of ada on .*, since 2026-11-28"
    ) as caught:
        _unlocked(site, stack)
    assert (stack.calls, stack.cancelled) == (1, 0)
    assert "bedplate pulumi ENV monitoring -- cancel" in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"pid": "x"}', '{"pid": null}'])
def test_a_lock_that_was_cut_is_removed(text: str, site: Site) -> None:
    """It has no owner any more."""
    path = _lock(site, text)
    assert _unlocked(site, PretendedStack(0)) == "done"
    assert not path.exists()


def test_locks_of_other_stacks_stay(site: Site) -> None:
    """Only the stack's own locks are read."""
    path = _lock(site, "", StackName("foundation"))
    assert _unlocked(site, PretendedStack(1)) == "done"
    assert path.exists()
