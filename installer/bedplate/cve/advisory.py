"""Advisories in the OSV format: https://ossf.github.io/osv-schema/. Fields that are not used here are ignored."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError
from pydantic import BaseModel, ConfigDict, Field

VECTORS = {"CVSS_V4": CVSS4, "CVSS_V3": CVSS3, "CVSS_V2": CVSS2}


class Severity(StrEnum):
    """Severity as CVSS names it, in this order."""

    UNKNOWN = "unknown"
    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """Return its place in the order; an unknown severity counts as the worst, since no one has rated it."""
        return list(Severity).index(self) if self is not Severity.UNKNOWN else len(Severity)


WORDS = {"MODERATE": Severity.MEDIUM, "UNIMPORTANT": Severity.LOW, "NEGLIGIBLE": Severity.LOW}
"""Words in advisories of GitHub and Debian that are not in CVSS."""


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Score(_Lenient):
    """A CVSS vector, or another scheme's."""

    type: str
    score: str


class AffectedPackage(_Lenient):
    """The package of an advisory."""

    ecosystem: str
    name: str


class Event(_Lenient):
    """Where a range begins or ends; exactly one field is given."""

    introduced: str = ""
    fixed: str = ""
    last_affected: str = ""
    limit: str = ""


class Range(_Lenient):
    """Versions from one event to the next."""

    type: str
    events: list[Event]


class Affected(_Lenient):
    """Which versions of a package are affected."""

    package: AffectedPackage | None = None
    severity: list[Score] = Field(default_factory=list)
    ranges: list[Range] = Field(default_factory=list)
    versions: list[str] = Field(default_factory=list)
    ecosystem_specific: dict[str, Any] | None = None
    database_specific: dict[str, Any] | None = None


class Advisory(_Lenient):
    """One record."""

    id: str
    modified: str = ""
    withdrawn: str | None = None
    aliases: list[str] = Field(default_factory=list)
    upstream: list[str] = Field(default_factory=list)
    summary: str = ""
    details: str = ""
    severity: list[Score] = Field(default_factory=list)
    affected: list[Affected] = Field(default_factory=list)
    database_specific: dict[str, Any] | None = None

    @property
    def title(self) -> str:
        """Return the summary, on one line."""
        return self.summary or next(iter(self.details.strip().splitlines()), "")


def advisory_severity(advisory: Advisory, affected: Affected) -> Severity:
    """Return the severity of an advisory for a package: its CVSS vector, else the database's own word."""
    for scores in (affected.severity, advisory.severity):
        severities = [rating for score in scores if (rating := _scored(score)) is not Severity.UNKNOWN]
        if severities:
            return max(severities, key=lambda rating: rating.rank)
    specific = (affected.ecosystem_specific, affected.database_specific, advisory.database_specific)
    words = (str((said or {}).get(key, "")) for said in specific for key in ("severity", "urgency"))
    return next((rating for word in words if (rating := _named(word)) is not Severity.UNKNOWN), Severity.UNKNOWN)


def _scored(score: Score) -> Severity:
    """Return a vector's severity (https://www.first.org/cvss/specification-document); the base score's."""
    if score.type not in VECTORS:
        return _named(score.score)
    try:
        vector = VECTORS[score.type](score.score)
    except CVSSError:
        return Severity.UNKNOWN
    return _named(vector.severity if isinstance(vector, CVSS4) else vector.severities()[0])


def _named(word: str) -> Severity:
    upper = word.upper().rstrip("*")
    return WORDS.get(upper) or (Severity(upper.lower()) if upper.lower() in list(Severity) else Severity.UNKNOWN)
