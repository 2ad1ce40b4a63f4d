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
"""


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

    def end_run(self, configured: Iterable[str], passed_by: Mapping[str, str]) -> None:
        """Record at the end of a run which hosts it passed by, and why; hosts outside its limit stay as they were."""
        self._db.executemany("DELETE FROM passed_by WHERE host = ?", [(host,) for host in configured])
        self._db.executemany("INSERT OR REPLACE INTO passed_by VALUES (?, ?)", passed_by.items())

    def passed_by(self) -> dict[str, str]:
        """Return why hosts were passed by and have not been configured since, by name."""
        return dict(self._db.execute("SELECT host, reason FROM passed_by ORDER BY host"))
