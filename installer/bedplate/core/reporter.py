"""Progress reporting of long builds: the Reporter protocol, and one that prints nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from bedplate.core.sizes import human


class Reporter(Protocol):
    """Receives progress; called from several threads."""

    def begin(self, item: str) -> None:
        """Report that work on an item began."""

    def end(self, item: str, fact: str) -> None:
        """Report that work on an item ended, with its outcome."""

    def note(self, text: str) -> None:
        """Report a line of text."""


class SilentReporter:
    """Reports nothing."""

    def begin(self, item: str) -> None:
        """Do nothing."""

    def end(self, item: str, fact: str) -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""


@contextmanager
def report_item(reporter: Reporter, item: str) -> Iterator[list[int]]:
    """Report the beginning and end of an item; the caller appends the sizes in bytes of what it made."""
    sizes: list[int] = []
    started = time.monotonic()
    reporter.begin(item)
    yield sizes
    reporter.end(item, f"{human(sum(sizes))}, {time.monotonic() - started:.0f} s")
