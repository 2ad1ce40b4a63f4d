"""File locks between processes: wait for one, or fail at once if another process holds it.

The kernel releases a lock when its holder ends, even when it is killed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bedplate.core.errors import BedplateError


@contextmanager
def lock(file: Path) -> Iterator[None]:
    """Hold a file's lock; wait while another process holds it. For work that takes a moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def try_lock(file: Path, subject: str, fact: str) -> Iterator[None]:
    """Hold a file's lock; the holder may remove the file.

    Raises:
        BedplateError: another process holds the lock; with this subject and fact.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BedplateError(subject, fact, "wait until it ends") from None
        if not _is_there(held.fileno(), file):
            # The last holder removed the file after we opened it: the next process would lock a new file.
            raise BedplateError(subject, fact, "run the same command again")
        yield


def _is_there(handle: int, file: Path) -> bool:
    """Return whether a path still names an open file."""
    return file.exists() and os.path.samestat(os.fstat(handle), file.stat())
