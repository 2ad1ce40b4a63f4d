"""Progress of a transfer of known size: a bar on a terminal, a line every few seconds in a log."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from bedplate.core.sizes import human

LINE_SECONDS = 5.0


class TransferProgress:
    """A context that shows how many bytes were transferred; only one thread at a time may use it."""

    def __init__(self, console: Console, title: str, total: int) -> None:
        """Show nothing yet."""
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        self._bar = Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
        self._task = self._bar.add_task(title, total=total)
        self._console, self._title, self._total = console, title, total
        self._done, self._printed = 0, time.monotonic()

    def __enter__(self) -> Self:
        """Begin."""
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        if self._console.is_terminal:
            self._bar.stop()

    def advance(self, count: int) -> None:
        """Add a number of transferred bytes."""
        self._done += count
        if self._console.is_terminal:
            self._bar.advance(self._task, count)
        elif time.monotonic() - self._printed > LINE_SECONDS:
            self._printed = time.monotonic()
            self._console.print(f"{self._title}: {human(self._done)} of {human(self._total)}", highlight=False)
