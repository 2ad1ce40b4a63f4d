"""A judge runs an area's tests again and again, each time in a copy of a process that has loaded all libraries."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

TIMED_OUT = -1
BASE = ["-q", "-x", "-n0", "-p", "no:cacheprovider"]
POLL_SECONDS = 0.05


class Judge:
    """A process that has loaded the libraries that the tests need, but nothing of the copy of the tree.

    Loading takes longer than most tests; a mutant that waits for it costs ten seconds instead of one.
    """

    def __init__(self, copy: Path) -> None:
        """Start it.

        Args:
            copy: the copy of the tree in which the tests run.
        """
        words = [sys.executable, "-B", __file__]
        self._process = subprocess.Popen(words, cwd=copy, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, tests: Sequence[str], limit: float, *, first: bool = False) -> int:
        """Return pytest's exit code, or TIMED_OUT.

        Args:
            tests: what pytest runs; it stops at the first failure.
            limit: seconds after which the tests are ended.
            first: run the tests on the tree as it is, and keep its compiled modules and the names of the libraries.
        """
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"tests": [*tests], "limit": limit, "first": first}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def end(self) -> None:
        """End it."""
        self._process.communicate()


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    for line in sys.stdin:
        asked = json.loads(line)
        print(_in_a_copy(**asked), file=answers, flush=True)


def _in_a_copy(tests: list[str], limit: float, *, first: bool) -> int:
    """Run the tests in a copy of this process; load what they have loaded if it is their first run."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _run(tests, writing, first=first)
    os.close(writing)
    code = _wait(child, limit)
    with os.fdopen(reading) as names, suppress(ValueError):
        for name in json.loads(names.read()) if first else ():
            with suppress(Exception):
                importlib.import_module(name)
    return code


def _run(tests: list[str], names: int, *, first: bool) -> None:
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.dont_write_bytecode = not first
    sys.path[:] = ["", *(path for path in sys.path if path != str(Path(__file__).parent))]
    code = 2
    with suppress(BaseException):
        pytest: Any = importlib.import_module("pytest")
        code = int(pytest.main([*BASE, *tests]))
    with os.fdopen(names, "w") as file:
        json.dump(_libraries() if first else [], file)
    os._exit(code)


def _libraries() -> list[str]:
    """Return the modules that are loaded and belong to no tree."""
    folders = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    loaded = [(name, getattr(module, "__file__", None)) for name, module in sys.modules.items()]
    return [name for name, file in loaded if file and file.startswith(folders) and "__main__" not in name]


def _wait(child: int, limit: float) -> int:
    end, parent = time.monotonic() + limit, os.getppid()
    while time.monotonic() < end and os.getppid() == parent:
        found, status = os.waitpid(child, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(POLL_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TIMED_OUT


if __name__ == "__main__":
    _serve()
