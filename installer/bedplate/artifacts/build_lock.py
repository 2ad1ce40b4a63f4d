"""The build lock: one build at a time per cache, since two would compile the same programs on the same cores."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from bedplate.artifacts.cache import Cache
from bedplate.core.reporter import Reporter


@contextmanager
def build_lock(cache: Cache, reporter: Reporter) -> Iterator[None]:
    """Hold the cache's build lock; wait for another build first. The kernel frees the lock when its process ends."""
    with (cache.folder() / "build.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reporter.note(f"another build uses {cache.root}: waiting until it ends")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
