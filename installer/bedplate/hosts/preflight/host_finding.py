"""A finding of preflight, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["hard", "soft"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be on one host.

    Attributes:
        id: what kind of finding; what preflight.accept names.
        severity: hard findings stop before anything changes, unless they are accepted.
        host: name in hosts.yaml.
        what: the fact, with numbers.
        why: why it matters.
        action: what to do.
        accepted: the reason in preflight.accept, empty where it is not accepted.
    """

    id: str
    severity: Severity
    host: str
    what: str
    why: str
    action: str
    accepted: str = ""

    @property
    def stops(self) -> bool:
        """Return whether nothing may change while this finding stands."""
        return self.severity == "hard" and not self.accepted

    def json(self) -> dict[str, str]:
        """Return the finding for programs."""
        return asdict(self)
