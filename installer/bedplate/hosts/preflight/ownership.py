"""Whether what is on the hosts was installed by Bedplate: what the ledgers on the bastion say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bedplate.config.environments import LEDGER, Site
from bedplate.core import paths

FIRST_ON_HOSTS = "mirror"
"""The first step that changes a host. Once it has started, what is on the hosts may be Bedplate's."""


def is_installed(site: Site) -> bool:
    """Return whether the environment's ledger has a step that changes hosts, finished or not."""
    return _has_started(site.ledger)


def bastion_in_use() -> bool:
    """Return whether this bastion serves any environment; all of them share the mirror."""
    return any(_has_started(path) for path in paths.STATE.glob(f"*/{LEDGER}"))


def _has_started(path: Path) -> bool:
    if not path.exists():
        return False
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        return database.execute("SELECT 1 FROM steps WHERE step = ? LIMIT 1", (FIRST_ON_HOSTS,)).fetchone() is not None
