"""How long to wait before a request is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double, with a random part so that many clients do not come back at once.

    Attributes:
        attempts: how often a request is sent at most.
        first: seconds before the second attempt.
        longest: seconds that no wait exceeds, whatever the registry asks for.
    """

    attempts: int = 7
    first: float = 0.5
    longest: float = 30.0

    def seconds(self, attempt: int, asked: str = "") -> float:
        """Return the wait after an attempt (the first is 0); `asked` is the answer's Retry-After, if it has one."""
        wait = min(self.longest, self.first * 2.0**attempt)
        if asked.isdigit():
            return min(self.longest, max(wait, float(asked)))
        return wait * random.uniform(0.5, 1.0)  # noqa: S311  no secret
