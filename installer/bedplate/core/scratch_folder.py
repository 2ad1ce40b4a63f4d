"""Temporary folders that do not pile up: what a killed process left is removed by the next one.

A process holds a lock on its folder. The kernel releases it when the process ends, even when it is killed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "bedplate-run-"


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield a new folder that only this user can enter; remove it afterwards, and those that killed processes left."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        _remove_unused(left)
    folder, handle = _create()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _create() -> tuple[Path, int]:
    """Return a new folder, and what holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if folder.exists():
            return folder, handle
        os.close(handle)  # another process took it for a left one before it was locked


def _remove_unused(folder: Path) -> None:
    """Remove a folder of this user that no process holds."""
    with suppress(OSError):  # it is held, or gone, or not a folder
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            if os.fstat(handle).st_uid == os.geteuid():
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(handle)
