"""The error that ends an installation."""

from __future__ import annotations


class RefusedError(Exception):
    """The bundle or the machine is not as it must be: subject, fact, hint."""

    def __init__(self, subject: str, fact: str, hint: str = "") -> None:
        """Keep the three parts; the hint gets a line of its own."""
        super().__init__(f"{subject} {fact}" + (f"\n  hint: {hint}" if hint else ""))
        self.subject, self.fact, self.hint = subject, fact, hint
