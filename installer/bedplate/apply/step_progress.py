"""What a person sees while steps run: which phase and step, where, and how long."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

QUIET_SECONDS = 10
"""Without a terminal a step's own words are printed at most this often."""


class Progress:
    """Lines for finished steps; on a terminal also a moving line for the step that runs.

    Usable as a context; ``console`` decides whether there is a terminal.
    """

    def __init__(self, total: int, console: Console) -> None:
        """Make a progress for so many steps."""
        self._console = console
        self._total = total
        self._number = 0
        self._title = ""
        self._said = ""
        self._began = self._spoke = time.monotonic()
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        """Start."""
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        if self._live:
            self._live.stop()

    def phase(self, title: str) -> None:
        """Say that a phase begins."""
        self._console.print(Text(title, style="bold"))

    def begin(self, title: str, where: str) -> None:
        """Say that a step begins."""
        self._number += 1
        self._title = f"{title} ({where})" if where else title
        self._said = ""
        self._began = self._spoke = time.monotonic()
        if self._live:
            self._live.update(_Running(self))

    def say(self, text: str) -> None:
        """Show what the running step is doing now."""
        self._said = text
        now = time.monotonic()
        if not self._live and now - self._spoke > QUIET_SECONDS:
            self._spoke = now
            self._line("…", f"{text} ({elapsed(now - self._began)})")

    def end(self, sign: str, detail: str) -> None:
        """Say how the step ended."""
        if self._live:
            self._live.update(Text())
        self._line(sign, f"{detail}, {elapsed(time.monotonic() - self._began)}")

    def running(self) -> Text:
        """Return the moving line's words."""
        said = f": {self._said}" if self._said else ""
        passed = elapsed(time.monotonic() - self._began)
        return Text(f"[{self._number}/{self._total}] {self._title} {passed}{said}", no_wrap=True, overflow="ellipsis")

    def _line(self, sign: str, detail: str) -> None:
        style = {"✓": "green", "✗": "red"}.get(sign, "dim")
        number = f"[{self._number:>2}/{self._total}]"
        self._console.print(
            Text.assemble("  ", (sign, style), f" {number} {self._title} ", (detail, "dim")), soft_wrap=True
        )


class _Running:
    """The moving line, drawn anew at each refresh."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._spinner = Spinner("dots")

    def __rich__(self) -> Spinner:
        self._spinner.update(text=self._progress.running())
        return self._spinner


def elapsed(seconds: float) -> str:
    """Return a duration as a person writes it."""
    if seconds < 60:  # noqa: PLR2004  a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds) // 60} min {int(seconds) % 60:02d} s"
