"""Build programs of the newest release that tests run: python tests/programs.py PROGRAM...

`make test` does so first, so that these tests also run on a machine that never built the release.
"""

from __future__ import annotations

import sys

from bedplate.artifacts import kinds
from bedplate.artifacts.build_lock import build_lock
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.source_kind import fetch_or_build
from bedplate.config import catalog
from bedplate.core.reporter import SilentReporter


def build(*names: str) -> None:
    """Fetch or build artifacts, as locked: Go artifacts by their names, others by their ids."""
    release, cache = load_release(catalog.newest()), Cache()
    context = kinds.build_context(release, cache, release.lock())
    with build_lock(cache, SilentReporter()):
        for name in names:
            fetch_or_build(context.lock.by_id[name if ":" in name else f"go:{name}"], context)


if __name__ == "__main__":
    build(*sys.argv[1:])
