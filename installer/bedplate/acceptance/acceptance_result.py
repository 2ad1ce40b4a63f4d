"""The result of an acceptance run: its checks and what they measured."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from bedplate.config.base import Model

PACKETS_OUTSIDE = "packets_outside"
"""Property (``record_property``) with which a test reports packets that tried to leave; summed over the run."""
COUNTED_SINCE = "counted_since"
"""Property with which a test reports since when all hosts count packets, in UTC; the latest counts."""
REPORT = "report.json"
"""Name of the file with the run as JSON."""

Verdict = Literal["passed", "failed", "skipped"]


class AcceptanceCheck(Model):
    """One test, as the report shows it."""

    id: str = Field(description="component/test, stable between runs")
    title: str = Field(description="the test's first line: what is true if it passes")
    component: str = Field(description="component that the test belongs to; hosts for tests of hosts")
    outcome: Verdict = Field(description="passed, failed or skipped")
    seconds: float = Field(description="how long it took")
    detail: str = Field("", description="for a failure or a skip: why")
    facts: dict[str, Any] = Field(default_factory=dict, description="what the test measured")


class RunComparison(Model):
    """What differs from the last signed run."""

    started: datetime = Field(description="when that run began, UTC")
    release: str = Field(description="the release that it tested")
    worse: list[str] = Field(description="checks that passed then, and failed or were skipped now")
    better: list[str] = Field(description="checks that failed or were skipped then, and passed now")
    missing: list[str] = Field(description="checks of that run that this run does not have")
    new: list[str] = Field(description="checks that only this run has")


class AcceptanceRun(Model):
    """One acceptance run."""

    release: str = Field(description="release, with +relock if vanished packages were relocked")
    environment: str = Field(description="the environment's name")
    started: datetime = Field(description="when it began, UTC")
    seconds: float = Field(description="how long it took")
    hosts: dict[str, str] = Field(description="host to its groups")
    checks: list[AcceptanceCheck] = Field(description="in the order in which they ran")
    not_tested: dict[str, str] = Field(default_factory=dict, description="host that was left out to the reason")
    comparison: RunComparison | None = Field(None, description="what differs from the last signed run")

    @property
    def is_green(self) -> bool:
        """Return whether every check passed, packets that tried to leave were counted, and there were none."""
        return bool(self.checks) and len(self.of("passed")) == len(self.checks) and self.packets_outside == 0

    @property
    def verdict(self) -> Literal["passed", "failed", "incomplete"]:
        """Return whether the run is green, failed, or is only not green because of what was skipped."""
        if self.is_green:
            return "passed"
        return "failed" if self.of("failed") or self.packets_outside or not self.checks else "incomplete"

    @property
    def packets_outside(self) -> int | None:
        """Return how many packets tried to leave; None if no test counted them."""
        counts = [check.facts[PACKETS_OUTSIDE] for check in self.checks if PACKETS_OUTSIDE in check.facts]
        return sum(counts) if counts else None

    @property
    def counted_since(self) -> datetime | None:
        """Return since when every host counts packets: at a boot and by a new rule, a host begins again."""
        found = [check.facts[COUNTED_SINCE] for check in self.checks if COUNTED_SINCE in check.facts]
        return max(map(datetime.fromisoformat, found), default=None)

    def of(self, verdict: Verdict) -> list[AcceptanceCheck]:
        """Return the checks with this outcome."""
        return [check for check in self.checks if check.outcome == verdict]

    def as_json(self) -> dict[str, Any]:
        """Return the run as JSON values."""
        return {
            "release": self.release,
            "environment": self.environment,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 2),
            "green": self.is_green,
            "passed": len(self.of("passed")),
            "failed": len(self.of("failed")),
            "skipped": len(self.of("skipped")),
            PACKETS_OUTSIDE: self.packets_outside,
            COUNTED_SINCE: self.counted_since.isoformat(timespec="seconds") if self.counted_since else None,
            "not_tested": self.not_tested,
            "comparison": self.comparison.model_dump(mode="json") if self.comparison else None,
            "hosts": self.hosts,
            "checks": [check.model_dump() for check in self.checks],
        }


def by_component(checks: Iterable[AcceptanceCheck]) -> dict[str, list[AcceptanceCheck]]:
    """Return the checks by component, both in the order in which they ran."""
    groups: dict[str, list[AcceptanceCheck]] = {}
    for check in checks:
        groups.setdefault(check.component, []).append(check)
    return groups
