"""Run other programs as subprocesses. Every module starts programs through this one."""

from __future__ import annotations

import logging
import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from bedplate.core.errors import BedplateError

log = logging.getLogger(__name__)
TAIL_LINES = 20
APPLY_MARK = "BEDPLATE_APPLIES"
"""Variable in every process of an apply; finds what a killed apply left running."""


class CommandTimeoutError(BedplateError):
    """A program did not end within its limit."""


def run(  # noqa: PLR0913  each is one property of a process
    argv: Sequence[str | Path],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: bytes | None = None,
    timeout: float | None = None,
    check: bool = True,
    inherit: bool = True,
    has_secrets: bool = False,
) -> subprocess.CompletedProcess[bytes]:
    """Run a program until it ends, and return its exit status and output (bytes).

    Args:
        argv: program and arguments; no shell is involved.
        cwd: working directory.
        env: variables in addition to this process's own.
        stdin: bytes to write to its input; by default the input is empty.
        timeout: limit in seconds.
        check: raise BedplateError with the last lines of output if the exit status is not 0.
        inherit: pass this process's variables on; otherwise the program gets only those in `env`.
        has_secrets: log only the size of what the program prints to standard output.
    """
    words = [str(word) for word in argv]
    log.debug("run: %s", " ".join(words))
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env={**(os.environ if inherit else {}), **(env or {})},
            input=stdin if stdin is not None else b"",
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError as error:
        raise BedplateError(
            f"program {words[0]}", "is not on this machine", f"install it ({error.strerror})"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise CommandTimeoutError(
            f"command {words[0]}", f"did not end within {timeout:g} s", "run the command again"
        ) from error
    if has_secrets:
        log.debug("printed %s bytes", len(done.stdout))
    for stream in (b"" if has_secrets else done.stdout, done.stderr):
        if stream:
            log.debug("%s", stream.decode(errors="replace").rstrip())
    if check and done.returncode != 0:
        raise BedplateError(
            f"command {' '.join(words[:3])}",
            f"exited with status {done.returncode}:\n{last_lines(done, errors_only=has_secrets)}",
        )
    return done


def run_in_terminal(
    argv: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> int:
    """Run a program with this process's terminal, input and output, and return its exit status.

    Args:
        argv: program and arguments.
        cwd: working directory.
        env: variables in addition to this process's own.
    """
    words = [str(word) for word in argv]
    log.debug("run: %s", " ".join(words))
    try:
        return subprocess.run(words, cwd=cwd, env={**os.environ, **(env or {})}, check=False).returncode
    except FileNotFoundError as error:
        raise BedplateError(f"program {words[0]}", "is not on this machine", "install it") from error


def last_lines(done: subprocess.CompletedProcess[bytes], *, errors_only: bool = False) -> str:
    """Return the last lines that a program printed, standard error last."""
    text = (b"" if errors_only else done.stdout or b"") + (done.stderr or b"")
    return "\n".join(text.decode(errors="replace").splitlines()[-TAIL_LINES:])
