"""RefusedError: the error that ends an installation."""

from __future__ import annotations


class RefusedError(Exception):
    """The bundle or the machine does not meet a requirement."""

    def __init__(self, subject: str, fact: str, hint: str = "") -> None:
        """Take subject, fact and hint; the hint gets its own line."""
        super().__init__(f"{subject} {fact}" + (f"\n  hint: {hint}" if hint else ""))
        self.subject, self.fact, self.hint = subject, fact, hint
