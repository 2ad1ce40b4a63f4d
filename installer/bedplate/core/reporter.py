"""What a long build says while it works."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from bedplate.core.sizes import human


class Reporter(Protocol):
    """Receives what happens; called from several threads."""

    def begin(self, item: str) -> None:
        """Work on something began."""

    def end(self, item: str, fact: str) -> None:
        """Work on something ended, with what came out of it."""

    def note(self, text: str) -> None:
        """Something worth a line."""


class SilentReporter:
    """Says nothing."""

    def begin(self, item: str) -> None:
        """Say nothing."""

    def end(self, item: str, fact: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""


@contextmanager
def report_item(reporter: Reporter, item: str) -> Iterator[list[int]]:
    """Report one piece of work; the caller appends the bytes that came out."""
    sizes: list[int] = []
    started = time.monotonic()
    reporter.begin(item)
    yield sizes
    reporter.end(item, f"{human(sum(sizes))}, {time.monotonic() - started:.0f} s")
