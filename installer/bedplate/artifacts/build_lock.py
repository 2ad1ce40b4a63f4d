"""One build at a time per cache: two would compile the same programs, on the same disk and cores."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from bedplate.artifacts.cache import Cache
from bedplate.core.reporter import Reporter


@contextmanager
def build_lock(cache: Cache, reporter: Reporter) -> Iterator[None]:
    """Wait until no other process builds with this cache; the kernel ends the wait when that process ends."""
    with (cache.folder() / "build.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reporter.note(f"another build uses {cache.root}: waiting for its end")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
