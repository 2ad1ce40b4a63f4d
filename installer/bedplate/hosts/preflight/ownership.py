"""Whether what is on the hosts was installed by Bedplate: what the ledgers on the bastion say."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from bedplate.config.environment_state import ledgers
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError

FIRST_ON_HOSTS = "mirror"
"""The first step that changes a host. Once it has started, what is on the hosts may be Bedplate's."""


def is_installed(site: Site) -> bool:
    """Return whether the environment's ledger has a step that changes hosts, finished or not."""
    return _last_start(site.ledger) is not None


def served_environment() -> str:
    """Return the environment that this bastion serves: the last one whose mirror it set up; empty if there is none."""
    starts = {name: start for name, path in ledgers().items() if (start := _last_start(path)) is not None}
    return max(starts, key=lambda name: starts[name], default="")


def _last_start(path: Path) -> float | None:
    """Return when a ledger's environment last began to change hosts; None if it never did."""
    if not path.exists():
        return None
    try:
        return _read_start(path)
    except sqlite3.DatabaseError as error:
        step = "restore it from a backup, or move it away: then all steps run again"
        raise BedplateError(f"ledger {path}", f"cannot be read ({error})", step) from error


def _read_start(path: Path) -> float | None:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as database:
        # An apply that was killed as it created the ledger left a file without tables.
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'steps'").fetchone():
            return None
        (start,) = database.execute("SELECT MAX(started) FROM steps WHERE step = ?", (FIRST_ON_HOSTS,)).fetchone()
    return None if start is None else float(start)
