"""Builds programs of the newest release that tests run with: python tests/programs.py PROGRAM...

`make test` does it first, so that these tests run on a machine that never built the release, too.
"""

from __future__ import annotations

import sys

from bedplate import catalog
from bedplate.bundle.alone import alone
from bedplate.bundle.report import Silent
from bedplate.sources import source
from bedplate.sources.cache import Cache
from bedplate.sources.kinds import make


def build(*names: str) -> None:
    """Make the Go artifacts of these names, from the cache or from source, as locked."""
    release, cache = catalog.load(catalog.newest()), Cache()
    context = source.context(release, cache, release.lock())
    with alone(cache, Silent()):
        for name in names:
            make(context.lock.by_id[f"go:{name}"], context)


if __name__ == "__main__":
    build(*sys.argv[1:])
