"""Which locked artifacts a bundle carries (release.json), and which of them the bastion itself needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.host_packages import host_packages
from bedplate.artifacts.kinds import source_kinds
from bedplate.config.artifact import MODELS
from bedplate.config.bundle_layout import BastionNeeds, BastionProgram, BundledArtifact, ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.config.component import Component
from bedplate.config.release_lock import Entry, Lock, Output, set_name
from bedplate.core.errors import BedplateError
from bedplate.distributions.find_distribution import find_distribution

INSTALLER_WHEELS = "wheel:installer"
INSTALLER_LAYER = "bundle"
UNBUILT = Output(sha256="", size=0)
USER_PROGRAM = "kubectl"
"""Also installed on the bastion: the installer and its users run it."""


def carried(
    components: Mapping[str, Component], entries: Iterable[Entry], sets: Mapping[str, list[str]]
) -> list[Entry]:
    """Return the entries that a site needs: all but compilers, and programs that are only in images."""
    kinds = source_kinds()
    return [entry for entry in entries if kinds[entry.kind].is_carried(entry, components, sets)]


def release_file(catalog: Catalog, lock: Lock, installer: Output, cache: Cache) -> ReleaseFile:
    """Return release.json for a lock whose entries, images included, all have outputs."""
    outputs = {entry.id: entry.output for entry in lock.entries if entry.output}
    needs = BastionNeeds(
        packages=_packages(catalog, lock, outputs, cache),
        wheels=_wheels(lock),
        programs=list(_programs(catalog, lock, outputs)),
    )
    return locked_release_file(catalog, lock).model_copy(update={"installer": installer.sha256, "bastion": needs})


def locked_release_file(catalog: Catalog, lock: Lock) -> ReleaseFile:
    """Return release.json as far as the lock determines it: without the installer and the bastion's needs.

    That is enough to render HostSpecs without a bundle. An artifact that was never built has an empty digest.
    """
    entries = carried(catalog.components, lock.entries, lock.sets)
    ids = {entry.id for entry in entries}
    release, platform = catalog.release, catalog.release.platform
    return ReleaseFile(
        release=lock.release,
        epoch=release.epoch,
        suite=platform.suite,
        architecture=platform.architecture,
        installer="",
        artifacts=[_artifact(entry, entry.output or UNBUILT, catalog) for entry in entries],
        sets={name: members for name, members in sorted(lock.sets.items()) if ids.issuperset(members)},
    )


def _artifact(entry: Entry, output: Output, catalog: Catalog) -> BundledArtifact:
    image = entry.name if entry.kind == "image" else ""
    named = {"id": entry.id, "kind": entry.kind, "component": entry.component, "image": image}
    file = source_kinds()[entry.kind].file_name(entry, catalog.components)
    return BundledArtifact(**named, sha256=output.sha256, size=output.size, file=file)


def _packages(catalog: Catalog, lock: Lock, outputs: Mapping[str, Output], cache: Cache) -> list[str]:
    """Return the packages that components need on the bastion, with all dependencies, from all hosts' packages."""
    components = catalog.components.values()
    distribution = find_distribution(catalog.release.platform.distribution)
    roots = host_packages(filter(_is_for_bastion, components), distribution)
    everything = host_packages(components, distribution)
    ids = lock.sets.get(set_name(distribution.package_kind, everything), []) if everything else []
    return distribution.closure(roots, {entry: cache.blob(outputs[entry].sha256) for entry in ids})


def _is_for_bastion(component: Component) -> bool:
    return component.layer == INSTALLER_LAYER or "bastion" in component.hosts.groups


def _wheels(lock: Lock) -> list[str]:
    wheels = lock.sets.get(INSTALLER_WHEELS, [])
    if wheels and not any(wheel.startswith("wheel:pip-") for wheel in wheels):
        raise BedplateError(
            f"set {INSTALLER_WHEELS}", "has no wheel of pip, which installs the others", "run `bedplate lock`"
        )
    return wheels


def _programs(catalog: Catalog, lock: Lock, outputs: Mapping[str, Output]) -> Iterator[BastionProgram]:
    entries = {entry.name: entry.id for entry in lock.entries if entry.kind in MODELS}
    for name, component in sorted(catalog.components.items()):
        for binary in component.hosts.binaries:
            if component.layer == INSTALLER_LAYER or binary.path.endswith(f"/{USER_PROGRAM}"):
                artifact = outputs[entries[binary.artifact]].sha256
                yield BastionProgram(component=name, version=component.version, artifact=artifact, path=binary.path)
