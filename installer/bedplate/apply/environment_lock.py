"""Only one apply at a time changes an environment."""

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

from bedplate.core.errors import BedplateError

MARK = "BEDPLATE_APPLIES"
"""Variable in every process of an apply; finds what a killed apply left running."""
EXEC_SECONDS = 0.1
"""More than a program takes from its start until the kernel shows its variables."""


@contextmanager
def hold(path: Path, environment: str) -> Iterator[str]:
    """Hold an environment's lock; yields when an interrupted run held it last (empty: none did).

    The kernel drops the lock with its process, so a lock file without a living owner is only a trace.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _taken(path, environment) from None
        interrupted = _owner(path).get("since", "")
        _end_leftovers(environment)
        _write(file.fileno(), _me())
        os.environ[MARK] = environment
        try:
            yield interrupted
        finally:
            os.environ.pop(MARK, None)
            _write(file.fileno(), {})


def _taken(path: Path, environment: str) -> BedplateError:
    owner = _owner(path)
    who = f"process {owner.get('pid', '?')} of {owner.get('user', '?')}, since {owner.get('since', '?')}"
    return BedplateError(f"environment {environment}", f"is being changed by another apply ({who})", "wait for its end")


def _me() -> dict[str, str]:
    since = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    return {"pid": str(os.getpid()), "user": getpass.getuser(), "since": since}


def _owner(path: Path) -> dict[str, str]:
    try:
        return {str(key): str(value) for key, value in json.loads(path.read_text(encoding="utf-8") or "{}").items()}
    except ValueError:
        return {}


def _write(file: int, owner: dict[str, str]) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, json.dumps(owner).encode() if owner else b"", 0)


def _end_leftovers(environment: str) -> None:
    """End programs (ansible, pulumi) that a killed apply of this environment left running, and wait for their end."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + 5
        while (left := _left(environment)) and time.monotonic() < deadline:
            for process in left:
                with suppress(ProcessLookupError):
                    os.kill(process, number)
            time.sleep(0.1)


def _left(environment: str) -> list[int]:
    """Return an environment's processes; found none, look once more for one that was just being started."""
    if found := _marked(environment):
        return found
    time.sleep(EXEC_SECONDS)
    return _marked(environment)


def _marked(environment: str) -> list[int]:
    needle = f"{MARK}={environment}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(folder.name) != os.getpid() and needle in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found
