"""One process at a time changes the store: what one copies, another must not remove as unused."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def held(store: Path) -> Iterator[None]:
    """Hold the store, once nobody else does; the kernel lets go when the holder ends.

    The lock is on the folder itself, so that nothing is written for it. A store that is not there yet has
    nothing that could be removed.
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
