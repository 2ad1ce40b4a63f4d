"""A step: the smallest thing that is skipped, run, recorded and resumed (contract 10)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did.

    Attributes:
        changed: how many things it changed; 0 means that everything was as it should be.
        detail: a few words for the user ("12 of 31 tasks changed").
    """

    changed: int
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Journal:
    """Where a running step tells what it does.

    Attributes:
        path: the run's log file; programs append their whole output to it.
        say: shows a few words about what is being done now.
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
        """Return what it brings about, for people."""

    @property
    def where(self) -> str:
        """Return the hosts, or the cluster, that it touches."""

    def key(self) -> str:
        """Return the digest of everything it depends on."""

    def is_done(self) -> bool:
        """Return whether its result is in place: a probe of at most a second that changes nothing."""

    def run(self, journal: Journal) -> Outcome:
        """Do its work, whatever is in place already.

        Raises:
            BedplateError: it cannot.
        """


@dataclass(frozen=True, slots=True)
class Phase:
    """Steps that belong together, in order."""

    title: str
    steps: tuple[Step, ...]
