"""Progress of long work as lines, with a moving one on a terminal."""

from __future__ import annotations

import threading

from rich.console import Console
from rich.status import Status
from rich.text import Text


class ProgressLines:
    """A line for everything that is finished; on a terminal also what is being worked on."""

    def __init__(self, console: Console) -> None:
        """Print to a console."""
        self._console = console
        self._guard = threading.Lock()
        self._running: dict[str, None] = {}
        self._status: Status | None = None

    def begin(self, item: str) -> None:
        """Show that work on something began."""
        with self._guard:
            self._running[item] = None
            self._show()

    def end(self, item: str, fact: str) -> None:
        """Print what came out."""
        with self._guard:
            self._running.pop(item, None)
            self._console.print(Text.assemble(("✓ ", "green"), item, "  ", (fact, "dim")), soft_wrap=True)
            self._show()

    def note(self, text: str) -> None:
        """Print a line."""
        with self._guard:
            self._console.print(text, highlight=False)

    def _show(self) -> None:
        if not self._console.is_terminal:
            return  # `end` says what is worth a line in a log
        if self._running and self._status is None:
            self._status = self._console.status("")
            self._status.start()
        if self._status:
            self._status.update(Text(", ".join(self._running)))
            if not self._running:
                self._status.stop()
                self._status = None
