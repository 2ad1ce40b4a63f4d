"""Packages against advisories: https://ossf.github.io/osv-schema/#evaluation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from packageurl import PackageURL

from bedplate.cve import version
from bedplate.cve.advisory import Advisory, Affected, Range, Severity, severity
from bedplate.sbom.package import Ecosystem

ECOSYSTEMS = {"Go": Ecosystem.GO, "PyPI": Ecosystem.PYTHON, "npm": Ecosystem.NPM, "Debian": Ecosystem.DEBIAN}
"""OSV's names (https://ossf.github.io/osv-schema/#defined-ecosystems) of those that a bundle has packages of."""
Key = tuple[Ecosystem, str]


@dataclass(frozen=True, slots=True)
class Installed:
    """A package that is looked up.

    Attributes:
        ecosystem: where it comes from.
        name: as advisories name it: of a Debian package its source package.
        version: likewise.
        suite: of Debian packages the release's number.
        purl: the package itself.
        holders: the images and files it is in.
    """

    ecosystem: Ecosystem
    name: str
    version: str
    suite: str
    purl: str
    holders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """An advisory that is about a package as it is in the bundle."""

    advisory: Advisory
    package: Installed
    severity: Severity
    fixed: tuple[str, ...]


@dataclass(slots=True)
class Result:
    """What came of a whole database.

    Attributes:
        hits: the worst first.
        read: number of advisories.
        withdrawn: number of those that their authors took back.
        foreign: number of lines by ecosystem that a bundle has nothing of.
        unclear: advisory and package whose versions cannot be compared, and why.
    """

    hits: list[Hit] = field(default_factory=list)
    read: int = 0
    withdrawn: int = 0
    foreign: Counter[str] = field(default_factory=Counter)
    unclear: list[tuple[str, str, str]] = field(default_factory=list)


def installed(sbom: dict[str, Any]) -> list[Installed]:
    """Return the packages of a CycloneDX document."""
    components = sbom.get("components", [])
    names = {one["bom-ref"]: one["name"] for one in components if one["type"] != "library"}
    holders: dict[str, list[str]] = defaultdict(list)
    for dependency in sbom.get("dependencies", []):
        for inner in dependency.get("dependsOn", []):
            holders[inner] += [names[dependency["ref"]]] if dependency["ref"] in names else []
    packages = (one for one in components if one["type"] == "library")
    found = (_installed(PackageURL.from_string(one["purl"]), holders[one["bom-ref"]]) for one in packages)
    return [one for one in found if one]


def _installed(purl: PackageURL, holders: list[str]) -> Installed | None:
    if purl.type not in list(Ecosystem):
        return None
    ecosystem, version_, suite = Ecosystem(purl.type), purl.version or "", ""
    name = "/".join(part for part in (purl.namespace, purl.name) if part)
    if ecosystem is Ecosystem.DEBIAN:
        qualifiers = purl.qualifiers if isinstance(purl.qualifiers, dict) else {}
        source, _, source_version = qualifiers.get("upstream", "").partition("@")
        name, version_ = source or purl.name, source_version or version_
        suite = qualifiers.get("distro", "").partition("-")[2]
    return Installed(ecosystem, name, version_, suite, purl.to_string(), tuple(sorted(holders)))


def match(packages: Iterable[Installed], advisories: Iterable[Advisory]) -> Result:
    """Return every advisory that is about a package as it is; nothing is dropped unsaid."""
    known: dict[Key, list[Installed]] = defaultdict(list)
    for package in packages:
        known[package.ecosystem, _name(package.ecosystem, package.name)].append(package)
    result = Result()
    for advisory in advisories:
        result.read += 1
        if advisory.withdrawn:
            result.withdrawn += 1
            continue
        for affected in advisory.affected:
            _look(advisory, affected, known, result)
    result.hits.sort(key=lambda hit: (-hit.severity.rank, hit.advisory.id, hit.package.purl))
    return result


def _look(advisory: Advisory, affected: Affected, known: dict[Key, list[Installed]], result: Result) -> None:
    if affected.package is None:
        result.foreign["(no package)"] += 1
        return
    name, _, suite = affected.package.ecosystem.partition(":")
    if name not in ECOSYSTEMS:
        result.foreign[name] += 1
        return
    ecosystem = ECOSYSTEMS[name]
    for package in known.get((ecosystem, _name(ecosystem, affected.package.name)), []):
        if suite and package.suite != suite:
            continue
        try:
            if not _is_affected(package, affected):
                continue
        except ValueError as error:
            result.unclear.append((advisory.id, package.purl, str(error)))
            continue
        hit = Hit(advisory, package, severity(advisory, affected), _fixed(affected))
        if hit not in result.hits:
            result.hits.append(hit)


def _name(ecosystem: Ecosystem, name: str) -> str:
    """Return a name as its ecosystem compares it."""
    return name.lower().replace("_", "-").replace(".", "-") if ecosystem is Ecosystem.PYTHON else name


def _is_affected(package: Installed, affected: Affected) -> bool:
    if package.version in affected.versions:
        return True
    comparable = [one for one in affected.ranges if one.type != "GIT"]
    if not comparable and not affected.versions:
        raise ValueError("the advisory gives no versions, only commits" if affected.ranges else "it gives no versions")
    return any(_is_inside(package, one) for one in comparable)


def _is_inside(package: Installed, one: Range) -> bool:
    """Walk the events in the order of their versions: each `introduced` opens, each end closes."""
    own = version.parse(package.ecosystem, package.version)
    limits = [event.limit for event in one.events if event.limit and event.limit != "*"]
    if limits and not any(own < version.parse(package.ecosystem, limit) for limit in limits):
        return False
    inside = False
    if any(event.introduced == version.LOWEST for event in one.events):
        inside = True
    for at, kind in sorted(_points(package.ecosystem, one), key=lambda point: (point[0], point[1] != "introduced")):
        if kind == "introduced" and own >= at:
            inside = True
        elif (kind == "fixed" and own >= at) or (kind == "last_affected" and own > at):
            inside = False
    return inside


def _points(ecosystem: Ecosystem, one: Range) -> list[tuple[Any, str]]:
    return [
        (version.parse(ecosystem, text), kind)
        for event in one.events
        for kind in ("introduced", "fixed", "last_affected")
        if (text := getattr(event, kind)) and not (kind == "introduced" and text == version.LOWEST)
    ]


def _fixed(affected: Affected) -> tuple[str, ...]:
    return tuple(event.fixed for one in affected.ranges if one.type != "GIT" for event in one.events if event.fixed)
