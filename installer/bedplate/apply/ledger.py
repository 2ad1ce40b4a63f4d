"""The ledger of an environment: every run of every step and the digest of its inputs, in SQLite."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from bedplate.apply.host_records import HostRecords
from bedplate.apply.run_facts import RunFacts
from bedplate.apply.step import Outcome

SCHEMA = """
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, release TEXT NOT NULL, started REAL NOT NULL, ended REAL, outcome TEXT NOT NULL,
    environment TEXT NOT NULL DEFAULT '', installer TEXT NOT NULL DEFAULT '',
    user TEXT NOT NULL DEFAULT '', revision TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS steps (
    run INTEGER NOT NULL REFERENCES runs (id), step TEXT NOT NULL, key TEXT NOT NULL,
    started REAL NOT NULL, ended REAL, outcome TEXT NOT NULL, changed INTEGER, detail TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS steps_by_name ON steps (step, started);
"""
ADDED_COLUMNS = ("environment", "installer", "user", "revision")
"""Columns of `runs` that ledgers of earlier releases lack."""
RUNNING, DONE, SKIPPED, FAILED = "running", "done", "skipped", "failed"
INCOMPLETE = "incomplete"
"""A run that came to its end without some hosts: the cluster has its release, and each host's is recorded."""


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step's last run; runs that were skipped do not count."""

    step: str
    key: str
    started: float
    ended: float | None
    outcome: str
    changed: int | None
    detail: str


class Ledger:
    """The ledger of one environment.

    A row is written before a step begins, so a run that is killed leaves `running` behind.

    Attributes:
        hosts: what is complete on each host.
    """

    def __init__(self, path: Path, facts: RunFacts | None = None) -> None:
        """Open the ledger; create it if it does not exist.

        Args:
            path: its file.
            facts: what is recorded of a run that begins.
        """
        self._facts = facts or RunFacts()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=10)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)
        self.hosts = HostRecords(self._db)
        self._add_columns()

    def _add_columns(self) -> None:
        present = {row[1] for row in self._db.execute("PRAGMA table_info(runs)")}
        for name in [name for name in ADDED_COLUMNS if name not in present]:
            self._db.execute(f"ALTER TABLE runs ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")

    def begin_run(self, release: str) -> int:
        """Record that a run of apply began, and return its number."""
        if last := self.last_release():
            self.hosts.assume_release(last)
        columns = ("release", "started", "outcome", *ADDED_COLUMNS)
        values = (release, time.time(), RUNNING, *astuple(self._facts))
        marks = ", ".join("?" * len(columns))
        row = self._db.execute(f"INSERT INTO runs ({', '.join(columns)}) VALUES ({marks})", values)  # noqa: S608  no input
        return int(row.lastrowid or 0)

    def end_run(self, run: int, outcome: str) -> None:
        """Record how a run of apply ended."""
        self._db.execute("UPDATE runs SET ended = ?, outcome = ? WHERE id = ?", (time.time(), outcome, run))

    def begin(self, run: int, step: str, key: str) -> None:
        """Record that a step began. It counts as not done until its end is recorded."""
        self._db.execute(
            "INSERT INTO steps VALUES (?, ?, ?, ?, NULL, ?, NULL, '')", (run, step, key, time.time(), RUNNING)
        )

    def end(self, run: int, step: str, outcome: Outcome) -> None:
        """Record that a step is done."""
        values = (time.time(), DONE, outcome.changed, outcome.detail, run, step)
        self._db.execute(
            "UPDATE steps SET ended = ?, outcome = ?, changed = ?, detail = ? WHERE run = ? AND step = ?", values
        )

    def fail(self, run: int, step: str, fact: str) -> None:
        """Record that a step failed, perhaps before it began: while its key was computed, or its probe ran."""
        query = "UPDATE steps SET ended = ?, outcome = ?, detail = ? WHERE run = ? AND step = ?"
        if not self._db.execute(query, (time.time(), FAILED, fact, run, step)).rowcount:
            self.begin(run, step, "")
            self._db.execute(query, (time.time(), FAILED, fact, run, step))

    def skip(self, run: int, step: str, key: str) -> None:
        """Record that a step was skipped because it was done."""
        now = time.time()
        self._db.execute("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, 0, '')", (run, step, key, now, now, SKIPPED))

    def last(self, step: str) -> StepRecord | None:
        """Return a step's last run that was not skipped."""
        query = "SELECT step, key, started, ended, outcome, changed, detail FROM steps WHERE step = ? AND outcome != ?"
        row = self._db.execute(f"{query} ORDER BY rowid DESC LIMIT 1", (step, SKIPPED)).fetchone()
        return StepRecord(*row) if row else None

    def steps(self) -> list[StepRecord]:
        """Return the last run of every step, in the order in which the steps first began."""
        names = self._db.execute("SELECT step FROM steps GROUP BY step ORDER BY MIN(rowid)").fetchall()
        return [record for (name,) in names if (record := self.last(name))]

    def has(self, step: str) -> bool:
        """Return whether a step ever began, so that what is on the hosts may be its work."""
        return self.last(step) is not None

    def last_release(self) -> str:
        """Return the release of the last successful apply; empty before the first."""
        row = self._db.execute(
            "SELECT release FROM runs WHERE outcome IN (?, ?) ORDER BY id DESC LIMIT 1", (DONE, INCOMPLETE)
        ).fetchone()
        return str(row[0]) if row else ""

    def releases_begun(self) -> set[str]:
        """Return the releases of which the cluster or a host has something; see `releases_in_use`.

        Hosts that were passed by do not count: nothing is applied over what they have until they are back.
        """
        away = self.hosts.passed_by()
        return self._cluster_releases().union(
            *(releases for host, releases in self.hosts.releases().items() if host not in away)
        )

    def releases_in_use(self) -> set[str]:
        """Return the releases of which the cluster or any host has something, hosts that were passed by included."""
        return self._cluster_releases().union(*self.hosts.releases().values())

    def _cluster_releases(self) -> set[str]:
        """Return the release of the last apply that came to its end, and the releases whose apply began since."""
        last = "SELECT COALESCE(MAX(id), 0) FROM runs WHERE outcome IN (?, ?)"
        rows = self._db.execute(f"SELECT release FROM runs WHERE id >= ({last})", (DONE, INCOMPLETE))  # noqa: S608  no input
        return {str(row[0]) for row in rows}

    def last_run(self) -> dict[str, Any]:
        """Return the last run of apply, by column; empty before the first."""
        cursor = self._db.execute("SELECT * FROM runs ORDER BY id DESC LIMIT 1")
        row = cursor.fetchone()
        return dict(zip((column[0] for column in cursor.description), row, strict=True)) if row else {}

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def last_runs(path: Path) -> tuple[str, list[StepRecord]]:
    """Read a ledger that may not exist yet.

    Args:
        path: the ledger's file.

    Returns:
        The release of the last successful apply, and the last run of every step; both empty if there is no ledger.
    """
    if not path.is_file():
        return "", []
    with closing(Ledger(path)) as ledger:
        return ledger.last_release(), ledger.steps()


def read_last_run(path: Path) -> dict[str, Any]:
    """Return the last run in a ledger, by column; empty if there is none, or no ledger."""
    if not path.is_file():
        return {}
    with closing(Ledger(path)) as ledger:
        return ledger.last_run()


def read_passed_by(path: Path) -> dict[str, str]:
    """Return why hosts were passed by and not configured since, by name; empty if there is no ledger."""
    if not path.is_file():
        return {}
    with closing(Ledger(path)) as ledger:
        return ledger.hosts.passed_by()
