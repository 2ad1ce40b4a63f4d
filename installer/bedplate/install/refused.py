"""What ends the installation."""

from __future__ import annotations


class RefusedError(Exception):
    """The bundle or the machine is not as it must be: subject, fact, next step."""

    def __init__(self, subject: str, fact: str, next_step: str = "") -> None:
        """Keep the three parts; the text is one line."""
        super().__init__(f"{subject} {fact}" + (f". Next: {next_step}" if next_step else ""))
        self.subject, self.fact, self.next_step = subject, fact, next_step
