"""What a Debian package depends on, and whether a set of packages has it (deb-control(5), Depends and Provides)."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from bedplate.distributions.debian.deb_control import Control
from bedplate.distributions.debian.debian_version import DebianVersion

ALTERNATIVE = re.compile(
    r"\s*(?P<name>[a-z0-9][a-z0-9+.-]+)(?::(?P<architecture>[a-z0-9-]+))?"
    r"\s*(?:\((?P<compare><<|<=|=|>=|>>)\s*(?P<version>[^)\s]+)\s*\))?\s*"
)
COMPARE: dict[str, Callable[[DebianVersion, DebianVersion], bool]] = {
    "<<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">>": operator.gt,
}
NEEDED = ("Pre-Depends", "Depends")


@dataclass(frozen=True, slots=True)
class Alternative:
    """One alternative of a dependency: a package, and which versions of it will do."""

    name: str
    compare: str = ""
    version: str = ""

    def is_met_by(self, version: str) -> bool:
        """Return whether a version will do; a package that is provided without one has the version empty."""
        return not self.compare or (
            bool(version) and COMPARE[self.compare](DebianVersion.parse(version), DebianVersion.parse(self.version))
        )

    def __str__(self) -> str:
        """Return it as Debian writes it."""
        return f"{self.name} ({self.compare} {self.version})" if self.compare else self.name


Dependency = tuple[Alternative, ...]
"""Alternatives, of which one is enough."""


def parse_dependencies(field_text: str) -> list[Dependency]:
    """Return the dependencies of a field, each with its alternatives."""
    parts = [part for part in field_text.replace("\n", " ").split(",") if part.strip()]
    return [tuple(parse_alternative(one) for one in part.split("|")) for part in parts]


def parse_alternative(text: str) -> Alternative:
    """Return one alternative; ValueError if it is none."""
    match = ALTERNATIVE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text.strip()!r} is no dependency")
    return Alternative(match["name"], match["compare"] or "", match["version"] or "")


@dataclass(frozen=True, slots=True)
class ProvidedPackages:
    """What a set of packages has: names and versions, its own and those it provides."""

    versions: Mapping[str, list[str]] = field(default_factory=dict)

    def has(self, group: Dependency) -> bool:
        """Return whether one of some alternatives is met."""
        return any(one.is_met_by(version) for one in group for version in self.versions.get(one.name, ()))


def provided_packages(packages: Iterable[Control]) -> ProvidedPackages:
    """Return what packages have."""
    versions: dict[str, list[str]] = {}
    for package in packages:
        versions.setdefault(package["Package"], []).append(package["Version"])
        for (provided,) in parse_dependencies(package.get("Provides", "")):
            versions.setdefault(provided.name, []).append(provided.version)
    return ProvidedPackages(versions)


def dependencies_of(package: Control) -> list[Dependency]:
    """Return what has to be there for a package to be configured."""
    return [group for name in NEEDED for group in parse_dependencies(package.get(name, ""))]


def dependency_text(group: Dependency) -> str:
    """Return a dependency as Debian writes it."""
    return " | ".join(map(str, group))
