"""A finding of preflight: what is wrong on a host, why it matters, and what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

Severity = Literal["hard", "soft"]


@dataclass(frozen=True, slots=True)
class HostFinding:
    """Something that is wrong on one host.

    Attributes:
        id: the rule's id, as preflight.accept names it.
        severity: a hard finding stops `apply` before it changes anything, unless it is accepted.
        host: name in hosts.yaml.
        what: the fact, with numbers.
        why: why it matters.
        action: what to do.
        accepted: the reason in preflight.accept; empty if it is not accepted.
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
        """Return whether this finding stops `apply`."""
        return self.severity == "hard" and not self.accepted

    def json(self) -> dict[str, str]:
        """Return the finding as JSON."""
        return asdict(self)
