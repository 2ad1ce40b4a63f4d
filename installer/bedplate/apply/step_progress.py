"""Progress on the terminal while steps run: phase, step, hosts and time."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

QUIET_SECONDS = 10
"""Without a terminal, what a step reports is printed at most this often."""


class Progress:
    """Prints a line for each finished step and, on a terminal, a live line for the running one.

    Use it as a context manager.
    """

    def __init__(self, total: int, console: Console) -> None:
        """Prepare to show ``total`` steps on a console."""
        self._console = console
        self._total = total
        self._number = 0
        self._title = ""
        self._activity = ""
        self._began = self._printed = time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        """Start the live line."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the live line."""
        if self._live:
            self._live.stop()

    def phase(self, title: str) -> None:
        """Print the title of a phase that begins."""
        self._console.print(Text(title, style="bold"))

    def begin(self, title: str, where: str) -> None:
        """Show that a step begins."""
        self._number += 1
        self._title = f"{title} ({where})" if where else title
        self._activity = ""
        self._began = self._printed = time.monotonic()
        if self._live:
            self._live.update(_Running(self))

    def say(self, text: str) -> None:
        """Show what the running step is doing now."""
        self._activity = text
        now = time.monotonic()
        if not self._live and now - self._printed > QUIET_SECONDS:
            self._printed = now
            self._line("…", f"{text} ({elapsed(now - self._began)})".lstrip())

    def wait(self, text: str) -> None:
        """Show what is waited for after the last step."""
        if self._title != text:
            self._title, self._activity, self._began = text, "", time.monotonic()
        if self._live:
            self._live.update(_Running(self))
        self.say("")

    def end(self, sign: str, detail: str) -> None:
        """Print how the running step ended."""
        if self._live:
            self._live.update(Text())
        self._line(sign, f"{detail}, {elapsed(time.monotonic() - self._began)}")

    def running(self) -> Text:
        """Return the text of the live line."""
        activity = f": {self._activity}" if self._activity else ""
        passed = elapsed(time.monotonic() - self._began)
        return Text(
            f"[{self._number}/{self._total}] {self._title} {passed}{activity}", no_wrap=True, overflow="ellipsis"
        )

    def _line(self, sign: str, detail: str) -> None:
        style = {"✓": "green", "✗": "red"}.get(sign, "dim")
        number = f"[{self._number:>2}/{self._total}]"
        self._console.print(
            Text.assemble("  ", (sign, style), f" {number} {self._title} ", (detail, "dim")), soft_wrap=True
        )


class _Running:
    """The live line, drawn again at each refresh."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._spinner = Spinner("dots")

    def __rich__(self) -> Spinner:
        self._spinner.update(text=self._progress.running())
        return self._spinner


def elapsed(seconds: float) -> str:
    """Return a duration for people: 4.2 s, 3 min 05 s."""
    if seconds < 60:  # noqa: PLR2004  a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
