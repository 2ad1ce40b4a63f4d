"""Progress of long work: a line for each finished item, and on a terminal the running items."""

from __future__ import annotations

import threading

from rich.console import Console
from rich.status import Status
from rich.text import Text


class ProgressLines:
    """Prints a line for each finished item; on a terminal also shows the running items."""

    def __init__(self, console: Console) -> None:
        """Print to a console."""
        self._console = console
        self._guard = threading.Lock()
        self._running: dict[str, None] = {}
        self._status: Status | None = None

    def begin(self, item: str) -> None:
        """Show that an item is being worked on."""
        with self._guard:
            self._running[item] = None
            self._show()

    def end(self, item: str, fact: str) -> None:
        """Print the result of an item."""
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
            return  # a log has only the lines of `end`
        if self._running and self._status is None:
            self._status = self._console.status("")
            self._status.start()
        if self._status:
            self._status.update(Text(", ".join(self._running)))
            if not self._running:
                self._status.stop()
                self._status = None
