"""Whether what stands on the hosts is this environment's own work."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from bedplate.environments import Site

LEDGER = "ledger.db"
BEGUN = "SELECT 1 FROM steps WHERE step NOT LIKE 'preflight%' LIMIT 1"


def ledgered(site: Site) -> bool:
    """Return whether the ledger knows of a step that changed hosts, ended or not."""
    path = site.state / LEDGER
    if not path.exists():
        return False
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        return database.execute(BEGUN).fetchone() is not None
