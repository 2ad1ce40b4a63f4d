"""Kill work in the middle, to test that the next run resumes and nothing is lost."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path


def run_until(count: int, work: Callable[[], object], counted: Path) -> int:
    """Run work in a child process that is killed at its n-th file system call; return its status.

    The child notes how many there were where it came to its end.
    """
    child = os.fork()
    if child == 0:
        touches = 0

        def touched(event: str, _: tuple[object, ...]) -> None:
            nonlocal touches
            if event in {"open", "os.link", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.chmod"}:
                touches += 1
                if touches == count:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(touched)
        try:
            work()
            counted.write_text(str(touches))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
