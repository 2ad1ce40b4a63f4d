"""Dependencies between Debian packages (deb-control(5), Depends and Provides)."""

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
    """One alternative of a dependency: a package, and which of its versions are suitable."""

    name: str
    compare: str = ""
    version: str = ""

    def is_met_by(self, version: str) -> bool:
        """Return whether a version is suitable; a package that is provided without a version has an empty one."""
        return not self.compare or (
            bool(version) and COMPARE[self.compare](DebianVersion.parse(version), DebianVersion.parse(self.version))
        )

    def __str__(self) -> str:
        """Return it as Debian writes it."""
        return f"{self.name} ({self.compare} {self.version})" if self.compare else self.name


Dependency = tuple[Alternative, ...]
"""Alternatives, one of which is enough."""


def parse_dependencies(field_text: str) -> list[Dependency]:
    """Return the dependencies of a field, each with its alternatives."""
    parts = [part for part in field_text.replace("\n", " ").split(",") if part.strip()]
    return [tuple(parse_alternative(alternative) for alternative in part.split("|")) for part in parts]


def parse_alternative(text: str) -> Alternative:
    """Return one alternative; raise ValueError if the text is not one."""
    match = ALTERNATIVE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text.strip()!r} is not a dependency")
    return Alternative(match["name"], match["compare"] or "", match["version"] or "")


@dataclass(frozen=True, slots=True)
class ProvidedPackages:
    """The names and versions in a set of packages, including those that packages provide."""

    versions: Mapping[str, list[str]] = field(default_factory=dict)

    def has(self, group: Dependency) -> bool:
        """Return whether one alternative of a dependency is met."""
        return any(
            alternative.is_met_by(version)
            for alternative in group
            for version in self.versions.get(alternative.name, ())
        )


def provided_packages(packages: Iterable[Control]) -> ProvidedPackages:
    """Return what a set of packages provides."""
    versions: dict[str, list[str]] = {}
    for package in packages:
        versions.setdefault(package["Package"], []).append(package["Version"])
        for (provided,) in parse_dependencies(package.get("Provides", "")):
            versions.setdefault(provided.name, []).append(provided.version)
    return ProvidedPackages(versions)


def dependencies_of(package: Control) -> list[Dependency]:
    """Return what a package needs before it can be configured."""
    return [group for name in NEEDED for group in parse_dependencies(package.get(name, ""))]


def dependency_text(group: Dependency) -> str:
    """Return a dependency as Debian writes it."""
    return " | ".join(map(str, group))
