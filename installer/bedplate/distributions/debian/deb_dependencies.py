"""Check that every dependency of every Debian package is met in its own set, by name and version.

This check is quick. `build.proof.clean_root` finds what only an installation shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.release_lock import short_set_name
from bedplate.core.errors import BedplateError
from bedplate.distributions.debian import deb_control, deb_relation
from bedplate.distributions.debian.apt_repository import KIND
from bedplate.distributions.debian.deb_control import Control


def check_debs(release: ReleaseFile, blobs: Path, allowed: Collection[str]) -> list[BedplateError]:
    """Return an error for each dependency that no package of the same set meets.

    Args:
        release: the bundle's packages and their sets.
        blobs: folder with the packages.
        allowed: exceptions, each ``package: dependency``.
    """
    digests = {artifact.id: artifact.sha256 for artifact in release.artifacts if artifact.kind == KIND}
    stanzas = {
        name: deb_control.parse_stanza(deb_control.read_control(blobs / sha256)) for name, sha256 in digests.items()
    }
    errors: dict[str, BedplateError] = {}
    for name, members in deb_sets(release).items():
        for error in _of_set(name, [stanzas[member] for member in members], allowed):
            errors.setdefault(str(error), error)
    return list(errors.values())


def deb_sets(release: ReleaseFile) -> Mapping[str, Sequence[str]]:
    """Return the sets of Debian packages: roots, joined by commas, to entry ids."""
    return {name.partition(":")[2]: ids for name, ids in release.sets.items() if name.startswith(f"{KIND}:")}


def _of_set(roots: str, packages: Sequence[Control], allowed: Collection[str]) -> Iterator[BedplateError]:
    provided = deb_relation.provided_packages(packages)
    label = short_set_name(roots) or "the base image"
    for root in filter(None, roots.split(",")):
        if not provided.has((deb_relation.Alternative(root),)):
            fact = f"is declared by a component and is not in the bundle (set of {label})"
            yield BedplateError(f"package {root}", fact, "run `bedplate lock`")
    for package in packages:
        for group in deb_relation.dependencies_of(package):
            if (
                not provided.has(group)
                and f"{package['Package']}: {deb_relation.dependency_text(group)}" not in allowed
            ):
                yield _unmet(package, group, label)


def _unmet(package: Control, group: deb_relation.Dependency, label: str) -> BedplateError:
    fact = f"needs {deb_relation.dependency_text(group)}, which the bundle does not have (set of {label})"
    exception = "allow: [{deb: '<package>: <dependency>', reason: …}]"
    step = f"run `bedplate lock`, or add an exception to component.yaml: {exception}"
    return BedplateError(f"package {package['Package']} {package['Version']}", fact, step)
