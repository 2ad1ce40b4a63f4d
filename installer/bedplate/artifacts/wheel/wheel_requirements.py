"""Check that the requirements of each wheel are in its own set, in a suitable version.

Source: https://packaging.python.org/en/latest/specifications/core-metadata/#requires-dist-multiple-use,
https://packaging.python.org/en/latest/specifications/dependency-specifiers/#environment-markers.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bedplate.artifacts.wheel.wheel_target import KIND, wheel_target
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.release import KERNEL_MACHINES
from bedplate.core.errors import BedplateError
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import distribution_of_suite


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel's metadata."""

    name: str
    version: Version
    requires: tuple[Requirement, ...]


def check_wheels(release: ReleaseFile, blobs: Path, allowed: Collection[str]) -> list[BedplateError]:
    """Return an error for each requirement that no wheel of the same set meets.

    Args:
        release: the bundle's wheels and their sets.
        blobs: folder with the wheels.
        allowed: exceptions, each ``name: requirement``.
    """
    paths = {a.id: blobs / a.sha256 for a in release.artifacts if a.kind == KIND}
    sets = {name: ids for name, ids in release.sets.items() if name.startswith(f"{KIND}:")}
    read = {wheel: read_wheel(paths[wheel]) for ids in sets.values() for wheel in ids}
    errors: dict[str, BedplateError] = {}
    for name, ids in sets.items():
        where = environment(release, wheel_target(name, distribution_of_suite(release.suite)))
        for error in check_set([read[wheel] for wheel in ids], where, _roots(name), allowed):
            errors.setdefault(str(error), error)
    return list(errors.values())


def _roots(name: str) -> list[Requirement]:
    """Return the requirements that a component declares, from the set's name."""
    declared = name.partition(":")[2]
    return [Requirement(requirement) for requirement in declared.split(",")] if "==" in declared else []


def environment(release: ReleaseFile, target: Distribution) -> dict[str, str]:
    """Return the values of markers where wheels run: the Python of a distribution, and the bundle's architecture."""
    here = {name: str(value) for name, value in default_environment().items()}
    here["python_version"] = ".".join(map(str, target.python))
    here["python_full_version"] = here["implementation_version"] = _python(release, target)
    here["platform_machine"] = KERNEL_MACHINES.get(release.architecture, release.architecture)
    here["platform_release"] = here["platform_version"] = ""
    return here


def _python(release: ReleaseFile, target: Distribution) -> str:
    """Return the full version of a distribution's Python: that of the bundle's package, if it has one."""
    series = ".".join(map(str, target.python))
    locked = (
        target.package_version(artifact.id.partition(":")[2])
        for artifact in release.artifacts
        if artifact.kind == target.package_kind
    )
    full = (re.match(rf"{re.escape(series)}\.\d+", version) for name, version in locked if name == f"python{series}")
    return next((match[0] for match in full if match), f"{series}.0")


def read_wheel(path: Path) -> Wheel:
    """Return a wheel's metadata."""
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        fields = BytesHeaderParser().parsebytes(archive.read(name))
    requires = tuple(Requirement(text) for text in fields.get_all("Requires-Dist", ()))
    return Wheel(canonicalize_name(str(fields["Name"])), Version(str(fields["Version"])), requires)


def check_set(
    wheels: Iterable[Wheel], where: Mapping[str, str], roots: Iterable[Requirement], allowed: Collection[str]
) -> Iterator[BedplateError]:
    """Yield an error for each requirement of a set's wheels, extras included, that the set does not meet."""
    known = {wheel.name: wheel for wheel in wheels}
    for root in roots:
        if problem := _problem(root, known):
            yield BedplateError(f"wheel {root}", f"is declared by a component; {problem}", "run `bedplate lock`")
    todo = [(name, "") for name in known] + [(canonicalize_name(r.name), extra) for r in roots for extra in r.extras]
    done: set[tuple[str, str]] = set()
    while todo:
        name, extra = todo.pop()
        if (name, extra) in done or name not in known:
            continue
        done.add((name, extra))
        for requirement in _wanted(known[name], extra, where):
            todo += [(canonicalize_name(requirement.name), more) for more in requirement.extras]
            if (problem := _problem(requirement, known)) and f"{name}: {requirement}" not in allowed:
                yield _unmet(known[name], requirement, problem)


def _wanted(wheel: Wheel, extra: str, where: Mapping[str, str]) -> Iterator[Requirement]:
    """Yield what a wheel requires there; for an extra, only what it adds."""
    for requirement in wheel.requires:
        marker = requirement.marker
        plain = marker is None or marker.evaluate({**where, "extra": ""})
        if (plain and not extra) or (extra and marker and not plain and marker.evaluate({**where, "extra": extra})):
            yield requirement


def _problem(requirement: Requirement, known: Mapping[str, Wheel]) -> str:
    """Return why a requirement is not met, empty if it is."""
    wheel = known.get(canonicalize_name(requirement.name))
    if wheel is None:
        return "the bundle does not have it"
    if not requirement.specifier.contains(wheel.version, prereleases=True):
        return f"the bundle has {wheel.version}"
    return ""


def _unmet(wheel: Wheel, requirement: Requirement, problem: str) -> BedplateError:
    exception = "allow: [{wheel: '<name>: <requirement>', reason: …}]"
    step = f"run `bedplate lock`, or add an exception to component.yaml: {exception}"
    return BedplateError(f"wheel {wheel.name} {wheel.version}", f"requires {requirement}; {problem}", step)
