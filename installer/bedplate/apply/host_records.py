"""The ledger's record of hosts: under which key each host last completed a step, and the state that the step left."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bedplate.hosts.state.host_questions import HostQuestions

SCHEMA = """
CREATE TABLE IF NOT EXISTS hosts (
    step TEXT NOT NULL, host TEXT NOT NULL, key TEXT NOT NULL, ended REAL NOT NULL,
    questions TEXT NOT NULL, answers TEXT NOT NULL, PRIMARY KEY (step, host));
CREATE TABLE IF NOT EXISTS passed_by (host TEXT PRIMARY KEY, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS host_releases (
    host TEXT NOT NULL, release TEXT NOT NULL, PRIMARY KEY (host, release));
"""
TABLES = ("hosts", "passed_by", "host_releases")


@dataclass(frozen=True, slots=True)
class HostRecord:
    """A step that is, or once was, complete on a host.

    Attributes:
        step: the step's id.
        host: the host's name.
        key: the digest of what the step was computed from on this host; empty while it is not complete again.
        questions: the items of the host's state that the step owns.
        answers: the state of these items when the step was complete.
    """

    step: str
    host: str
    key: str
    questions: HostQuestions
    answers: Mapping[str, str]


class HostRecords:
    """The records of one environment's hosts, in its ledger."""

    def __init__(self, database: sqlite3.Connection) -> None:
        """Create the table if it does not exist."""
        self._db = database
        self._db.executescript(SCHEMA)

    def all(self) -> list[HostRecord]:
        """Return every record."""
        rows = self._db.execute("SELECT step, host, key, questions, answers FROM hosts ORDER BY rowid")
        return [
            HostRecord(step, host, key, HostQuestions.model_validate_json(questions), json.loads(answers))
            for step, host, key, questions, answers in rows
        ]

    def forget(self, step: str, hosts: Iterable[str]) -> None:
        """Record that a step is not complete on some hosts: it begins there, or a host left before its end.

        That it once was complete stays known: a host that has its row was installed.
        """
        rows = [(step, host) for host in hosts]
        self._db.executemany("UPDATE hosts SET key = '' WHERE step = ? AND host = ?", rows)

    def put(self, records: Iterable[HostRecord]) -> None:
        """Record that a step is complete on some hosts."""
        rows = [
            (one.step, one.host, one.key, time.time(), one.questions.model_dump_json(), json.dumps(dict(one.answers)))
            for one in records
        ]
        self._db.execute("BEGIN")
        self._db.executemany("INSERT OR REPLACE INTO hosts VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._db.execute("COMMIT")

    def begin_release(self, release: str, hosts: Iterable[str]) -> None:
        """Record that a release begins on some hosts, which may have parts of another one, too."""
        self._db.executemany("INSERT OR IGNORE INTO host_releases VALUES (?, ?)", [(host, release) for host in hosts])

    def end_release(self, release: str, hosts: Iterable[str]) -> None:
        """Record that some hosts have nothing of another release any more."""
        names = [*hosts]
        self.begin_release(release, names)
        rows = [(host, release) for host in names]
        self._db.executemany("DELETE FROM host_releases WHERE host = ? AND release != ?", rows)

    def assume_release(self, release: str) -> None:
        """Record a release for the hosts of which a ledger of an earlier installer does not say it."""
        query = "INSERT INTO host_releases SELECT DISTINCT host, ? FROM hosts WHERE host NOT IN"
        self._db.execute(f"{query} (SELECT host FROM host_releases)", (release,))  # noqa: S608  no input

    def releases(self) -> dict[str, set[str]]:
        """Return the releases of which each host has something, by its name."""
        found: dict[str, set[str]] = {}
        for host, release in self._db.execute("SELECT host, release FROM host_releases"):
            found.setdefault(host, set()).add(release)
        return found

    def keep_only(self, hosts: Iterable[str]) -> None:
        """Delete what is recorded of hosts that hosts.yaml no longer has."""
        names = [*hosts]
        marks = ", ".join("?" * len(names))
        for table in TABLES:
            self._db.execute(f"DELETE FROM {table} WHERE host NOT IN ({marks})", names)  # noqa: S608  no input

    def end_run(self, configured: Iterable[str], passed_by: Mapping[str, str]) -> None:
        """Record at the end of a run which hosts it passed by, and why; hosts outside its limit stay as they were."""
        self._db.executemany("DELETE FROM passed_by WHERE host = ?", [(host,) for host in configured])
        self._db.executemany("INSERT OR REPLACE INTO passed_by VALUES (?, ?)", passed_by.items())

    def passed_by(self) -> dict[str, str]:
        """Return why hosts were passed by and have not been configured since, by name."""
        return dict(self._db.execute("SELECT host, reason FROM passed_by ORDER BY host"))
