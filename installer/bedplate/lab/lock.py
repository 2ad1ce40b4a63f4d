"""What labs share is changed by one process at a time; the kernel drops a lock with its owner."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bedplate.errors import BedplateError


@contextmanager
def waiting(file: Path) -> Iterator[None]:
    """Hold a lock, after those who have it: for what takes a moment."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


@contextmanager
def refusing(file: Path, lab: str) -> Iterator[None]:
    """Hold a lab's lock; BedplateError where another command is bringing it up or down."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BedplateError(f"lab {lab}", "is being changed by another command", "wait for its end") from None
        yield
