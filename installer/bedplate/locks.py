"""Locks between processes: held on a file, and dropped by the kernel with their owner, however that ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bedplate.errors import BedplateError


@contextmanager
def waiting(file: Path) -> Iterator[None]:
    """Hold a file's lock, after those who have it: for what takes a moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def refusing(file: Path, subject: str, fact: str) -> Iterator[None]:
    """Hold a file's lock; BedplateError with this subject and fact where another process has it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BedplateError(subject, fact, "wait for its end") from None
        yield
