"""Whether what stands on the hosts is our own work."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bedplate.config.environments import LEDGER, Site
from bedplate.core import paths

FIRST_ON_HOSTS = "mirror"
"""The first step that changes a host; ended or not, from then on things there may be ours."""


def is_installed(site: Site) -> bool:
    """Return whether the environment's ledger knows of a step that changed hosts, ended or not."""
    return _begun(site.ledger)


def bastion_in_use() -> bool:
    """Return whether this bastion serves an environment, be it another one: the mirror is shared."""
    return any(_begun(path) for path in paths.STATE.glob(f"*/{LEDGER}"))


def _begun(path: Path) -> bool:
    if not path.exists():
        return False
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        return database.execute("SELECT 1 FROM steps WHERE step = ? LIMIT 1", (FIRST_ON_HOSTS,)).fetchone() is not None
