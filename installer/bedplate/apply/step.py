"""The interface of a step: a probe and a run, recorded in the ledger (contract 10, docs/explanation/design.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did.

    Attributes:
        changed: number of changes; 0 means that everything was in place.
        detail: a few words for the user, such as "12 tasks changed".
        left: what it had to leave undone, for people; then the run is incomplete.
    """

    changed: int
    detail: str = ""
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Journal:
    """Where a running step reports what it does.

    Attributes:
        path: the run's log file; programs append their whole output to it.
        say: shows the user a few words about what is being done now.
    """

    path: Path
    say: Callable[[str], None]

    def write(self, text: str) -> None:
        """Append lines to the log file."""
        with self.path.open("a", encoding="utf-8", errors="replace") as file:
            file.write(text if text.endswith("\n") else f"{text}\n")


class Step(Protocol):
    """One idempotent piece of an installation."""

    @property
    def id(self) -> str:
        """Return its name in the ledger."""

    @property
    def title(self) -> str:
        """Return what it does, for people."""

    @property
    def where(self) -> str:
        """Return the names of the hosts that it changes, or "cluster"."""

    def key(self) -> str:
        """Return the digest of its inputs."""

    def is_done(self) -> bool:
        """Probe, in about a second and without a change, whether its result is in place."""

    def run(self, journal: Journal) -> Outcome:
        """Do its work; safe to repeat.

        Raises:
            BedplateError: it failed.
        """


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps that are shown under one title, in order."""

    title: str
    steps: tuple[Step, ...]
