"""The store lock: one process at a time changes the store.

Without it, one process could remove as unused what another is copying.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def store_lock(store: Path) -> Iterator[None]:
    """Hold the store lock; wait while another process holds it. The kernel releases it when the holder ends.

    The lock is on the folder itself, so nothing is written for it. A store that does not exist yet needs no
    lock: nothing in it could be removed.
    """
    if not store.is_dir():
        yield
        return
    handle = os.open(store, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
