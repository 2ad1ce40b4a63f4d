"""Locks between processes: held on a file, and dropped by the kernel with their owner, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bedplate.core.errors import BedplateError


@contextmanager
def waiting(file: Path) -> Iterator[None]:
    """Hold a file's lock, after those who have it: for what takes a moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def refusing(file: Path, subject: str, fact: str) -> Iterator[None]:
    """Hold a file's lock; BedplateError with this subject and fact where another process has it.

    The holder may remove the file.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BedplateError(subject, fact, "wait for its end") from None
        if not _is_there(held.fileno(), file):
            # Its last holder removed it after we had opened it: the next one would lock another file.
            raise BedplateError(subject, fact, "run the same command again")
        yield


def _is_there(handle: int, file: Path) -> bool:
    """Return whether a path still leads to an open file."""
    return file.exists() and os.path.samestat(os.fstat(handle), file.stat())
