"""The environment lock: who holds it, and what a killed apply left running."""

from __future__ import annotations

import getpass
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bedplate.apply import environment_lock
from bedplate.core.command import APPLY_MARK
from bedplate.core.errors import BedplateError

MINE = f"unit-test-{os.getpid()}"
"""Other runs of these tests end only programs of their own."""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"


@contextmanager
def _started(environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of an environment's apply that ignores SIGTERM."""
    words = [sys.executable, "-c", STUBBORN]
    variables = {**os.environ, APPLY_MARK: environment}
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=variables) as program:
        assert program.stdout
        program.stdout.readline()
        yield program
        program.kill()


def test_the_lock_names_its_owner_while_it_is_held(tmp_path: Path) -> None:
    """Its file has process, user and start; programs started meanwhile are marked; afterwards it is empty."""
    path = tmp_path / "state/here/lock"
    with environment_lock.environment_lock(path, "here") as interrupted:
        owner = json.loads(path.read_text())
        assert (owner["pid"], owner["user"], interrupted) == (str(os.getpid()), getpass.getuser(), "")
        assert os.environ[APPLY_MARK] == "here"
        with pytest.raises(BedplateError) as caught:
            environment_lock.environment_lock(path, "here").__enter__()
    who = f"process {owner['pid']} of {owner['user']}, since {owner['since']}"
    assert str(caught.value).splitlines()[0] == f"environment here is being changed by another apply ({who})"
    assert path.read_text() == ""
    assert APPLY_MARK not in os.environ


def test_a_shorter_owner_replaces_a_longer_one(tmp_path: Path) -> None:
    """Nothing is left of what a killed apply wrote, even if it was half a file."""
    path = tmp_path / "lock"
    for text in ("{" * 500, json.dumps({"pid": "1", "more": "x" * 500})):
        path.write_text(text)
        with environment_lock.environment_lock(path, "here") as interrupted:
            assert json.loads(path.read_text()).keys() == {"pid", "user", "since"}
            assert interrupted == ""


def test_programs_that_do_not_end_are_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of this environment only, after they had time to end."""
    monkeypatch.setattr(environment_lock, "END_SECONDS", 3)
    with _started(MINE) as mine, _started(f"{MINE}-2") as other:
        with environment_lock.environment_lock(tmp_path / "lock", MINE):
            assert mine.wait(30) == -9
        assert other.poll() is None


def test_a_program_that_is_just_being_started_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel shows the variables of a program a moment after its start, so a second look follows."""
    answers = [[], [7]]
    monkeypatch.setattr(environment_lock, "_marked_processes", lambda _: answers.pop(0))
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    assert environment_lock._leftovers("here") == [7]
    assert waits == [environment_lock.EXEC_SECONDS]


def test_a_killed_owner_releases_the_lock_and_its_programs_are_ended(tmp_path: Path) -> None:
    """After kill -9, the lock is free, the interruption is reported, and programs left running are ended."""
    code = (
        "import subprocess, sys, time; from pathlib import Path\n"
        "from bedplate.apply.environment_lock import environment_lock\n"
        "with environment_lock(Path(sys.argv[1]), sys.argv[2]):\n"
        "    child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True); time.sleep(60)"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "lock"), MINE]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "installer"}) as owner:
        assert owner.stdout
        child = int(owner.stdout.readline())
        owner.kill()
    with environment_lock.environment_lock(tmp_path / "lock", MINE) as interrupted:
        assert interrupted
    deadline = time.monotonic() + 30
    while _alive(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _alive(child)


def _alive(process: int) -> bool:
    try:
        os.kill(process, signal.SIGCONT)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return state != "Z"
