"""The environment lock: only one apply at a time changes an environment."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bedplate.core.command import APPLY_MARK
from bedplate.core.errors import BedplateError

EXEC_SECONDS = 0.1
"""More than a program takes from its start until the kernel shows its variables."""
END_SECONDS = 5


@contextmanager
def environment_lock(path: Path, environment: str) -> Iterator[str]:
    """Hold an environment's lock, and end what a killed apply left running.

    The kernel releases the lock when its process ends, so a lock file without a living owner only tells of an
    interrupted run.

    Args:
        path: the lock's file.
        environment: the environment's name.

    Yields:
        When the interrupted run began that held the lock last; empty if none was interrupted.

    Raises:
        BedplateError: another apply holds the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _is_locked(path, environment) from None
        interrupted = _read_owner(path).get("since", "")
        _end_leftovers(environment)
        _write_owner(file.fileno(), _this_process())
        os.environ[APPLY_MARK] = environment
        try:
            yield interrupted
        finally:
            os.environ.pop(APPLY_MARK, None)
            _write_owner(file.fileno(), {})


def _is_locked(path: Path, environment: str) -> BedplateError:
    owner = _read_owner(path)
    who = f"process {owner.get('pid', '?')} of {owner.get('user', '?')}, since {owner.get('since', '?')}"
    return BedplateError(
        f"environment {environment}", f"is being changed by another apply ({who})", "wait until it ends"
    )


def _this_process() -> dict[str, str]:
    since = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    return {"pid": str(os.getpid()), "user": getpass.getuser(), "since": since}


def _read_owner(path: Path) -> dict[str, str]:
    try:
        return {str(key): str(value) for key, value in json.loads(path.read_text(encoding="utf-8") or "{}").items()}
    except ValueError:
        return {}


def _write_owner(file: int, owner: dict[str, str]) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, json.dumps(owner).encode() if owner else b"", 0)


def _end_leftovers(environment: str) -> None:
    """End programs (ansible, pulumi) that a killed apply of this environment left running, and wait for their end."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + END_SECONDS
        while (leftovers := _leftovers(environment)) and time.monotonic() < deadline:
            for process in leftovers:
                with suppress(ProcessLookupError):
                    os.kill(process, number)
            time.sleep(0.1)


def _leftovers(environment: str) -> list[int]:
    """Return an environment's processes. If there are none, look once more for one that was just being started."""
    if processes := _marked_processes(environment):
        return processes
    time.sleep(EXEC_SECONDS)
    return _marked_processes(environment)


def _marked_processes(environment: str) -> list[int]:
    mark = f"{APPLY_MARK}={environment}".encode()
    processes = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(folder.name) != os.getpid() and mark in (folder / "environ").read_bytes().split(b"\0"):
                processes.append(int(folder.name))
    return processes
