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

import pytest

TESTS = str(Path(__file__).resolve().parents[1])
if __name__ == "__main__":
    sys.path[0] = TESTS
from mutation.covering_tests import Chosen, Coverage, Recorder  # noqa: E402  the path is set above

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
        self._copy = copy
        self._process = subprocess.Popen(words, cwd=copy, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def learn(self, tests: Sequence[str], sources: Sequence[str], limit: float) -> tuple[int, Coverage]:
        """Run the tests on the tree as it is: return pytest's exit code, and which tests run which lines.

        Keeps the tree's compiled modules, and loads the libraries that the tests have loaded.

        Args:
            tests: what pytest runs.
            sources: the files, relative to the tree, whose lines are recorded.
            limit: seconds after which the tests are ended.
        """
        code = self._ask(tests=[*tests], sources=[*sources], limit=limit)
        return code, Coverage(**json.loads(_record(self._copy).read_text())) if not code else Coverage()

    def run(self, tests: Sequence[str], limit: float, only: Sequence[str] | None = None) -> int:
        """Return pytest's exit code, or TIMED_OUT.

        Args:
            tests: what pytest runs; it stops at the first failure.
            limit: seconds after which the tests are ended.
            only: the ids of those that run, in this order (default: all).
        """
        return self._ask(tests=[*tests], limit=limit, only=only)

    def _ask(self, **words: object) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(words) + "\n")
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


def _in_a_copy(tests: list[str], limit: float, sources: list[str] | None = None, only: list[str] | None = None) -> int:
    """Run the tests in a copy of this process; load what they have loaded if their lines are recorded."""
    libraries = Path.cwd().with_suffix(".libraries")
    child = os.fork()
    if not child:
        _run(tests, libraries, sources, only)
    code = _wait(child, limit)
    if sources is not None and not code:
        for name in json.loads(libraries.read_text()):
            with suppress(Exception):
                importlib.import_module(name)
    return code


def _run(tests: list[str], libraries: Path, sources: list[str] | None, only: list[str] | None) -> None:
    os.setpgid(0, 0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.dont_write_bytecode = sources is None
    sys.path[:] = ["", *(path for path in sys.path if path != TESTS)]
    recorder = Recorder(Path.cwd(), sources or [])
    record = _record(Path.cwd())
    code = 2
    with suppress(BaseException):
        if sources is not None:
            recorder.begin()
        plugins = [recorder] if sources is not None else [Chosen(only)] if only is not None else []
        files = dict.fromkeys(one.partition("::")[0] for one in only) if only else tests
        code = int(pytest.main([*BASE, *files], plugins=plugins))
        if sources is not None:
            sys.settrace(None)
            recorder.write(record)
            libraries.write_text(json.dumps(_libraries()))
    os._exit(code)


def _record(copy: Path) -> Path:
    return copy.with_suffix(".record")


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
