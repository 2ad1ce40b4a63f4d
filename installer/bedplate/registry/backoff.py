"""Waiting times between the attempts of a request."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double, with a random part so that many clients do not return at once.

    Attributes:
        attempts: the most attempts of a request.
        first: seconds before the second attempt.
        longest: the longest wait in seconds, even if the registry demands more.
    """

    attempts: int = 7
    first: float = 0.5
    longest: float = 30.0

    def seconds(self, attempt: int, retry_after: str = "") -> float:
        """Return the wait after an attempt (the first is 0), given the response's Retry-After, if it has one."""
        wait = min(self.longest, self.first * 2.0**attempt)
        if retry_after.isdigit():
            return min(self.longest, max(wait, float(retry_after)))
        return wait * random.uniform(0.5, 1.0)  # noqa: S311  no secret
