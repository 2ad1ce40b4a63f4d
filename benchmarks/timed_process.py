"""Running a program, with the time and the memory that it takes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from bedplate.core import paths


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a run.

    Attributes:
        seconds: elapsed time.
        cpu: seconds of processor time.
        peak: peak memory in bytes.
        output: what it printed.
    """

    seconds: float
    cpu: float
    peak: int
    output: str


def run(
    words: Sequence[str | Path],
    env: Mapping[str, str] | None = None,
    given: bytes = b"",
    fine: Collection[int] = (0,),
    limit: float | None = None,
) -> Run:
    """Run a program until it ends; if it fails, the benchmark ends with its output.

    Args:
        words: program and arguments.
        env: variables in addition to this process's own.
        given: its standard input.
        fine: exit codes that are not failures.
        limit: seconds after which it is killed, with a TimeoutError.

    Linux counts this process's memory as the child's until the child starts, so a peak is never below that.
    """
    argv, environment = list(map(str, words)), {**os.environ, **(env or {})}
    with tempfile.TemporaryFile() as read, tempfile.TemporaryFile() as printed:
        read.write(given)
        read.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(argv, env=environment, stdin=read, stdout=printed, stderr=printed)
        timer = Timer(limit or 1e6, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)  # waited for here, since subprocess returns no usage
        printed.seek(0)
        output = printed.read().decode(errors="replace")
    if limit and seconds >= limit:
        raise TimeoutError
    if process.returncode not in fine:
        raise SystemExit(f"{' '.join(map(str, words))}\nended with {process.returncode}:\n{output}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, output)


def bedplate(*words: str | Path, env: Mapping[str, str] | None = None, fine: Collection[int] = (0,)) -> Run:
    """Run a command of Bedplate."""
    own = {"PYTHONPATH": str(paths.SOURCE / "installer")}
    return run([sys.executable, "-m", "bedplate", *words], {**own, **(env or {})}, fine=fine)
