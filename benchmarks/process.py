"""One run of a program, with the time and the memory that it took."""

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
    """What a run took.

    Attributes:
        seconds: from its start to its end.
        cpu: seconds of processor time.
        peak: the most memory that it held at once, in bytes.
        output: what it said.
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
    """Run a program to its end; one that fails ends the benchmark with what it said.

    Args:
        words: program and arguments.
        env: variables besides this process's own.
        given: what it reads.
        fine: exit codes that are no failure.
        limit: seconds after which it is ended; TimeoutError then.

    Linux counts what this process holds as the child's own until it has begun, so a peak is never below that.
    """
    argv, environment = list(map(str, words)), {**os.environ, **(env or {})}
    with tempfile.TemporaryFile() as read, tempfile.TemporaryFile() as said:
        read.write(given)
        read.seek(0)
        started = time.monotonic()
        process = subprocess.Popen(argv, env=environment, stdin=read, stdout=said, stderr=said)
        timer = Timer(limit or 1e6, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - started
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)  # it is waited for here, as subprocess tells no usage
        said.seek(0)
        output = said.read().decode(errors="replace")
    if limit and seconds >= limit:
        raise TimeoutError
    if process.returncode not in fine:
        raise SystemExit(f"{' '.join(map(str, words))}\nended with {process.returncode}:\n{output}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, output)


def bedplate(*words: str | Path, env: Mapping[str, str] | None = None, fine: Collection[int] = (0,)) -> Run:
    """Run a command of Bedplate."""
    own = {"PYTHONPATH": str(paths.SOURCE / "installer")}
    return run([sys.executable, "-m", "bedplate", *words], {**own, **(env or {})}, fine=fine)
