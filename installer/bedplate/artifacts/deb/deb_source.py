"""The source kind `deb`: Debian packages with their dependencies, each pinned by version and digest."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.host_packages import host_roots
from bedplate.artifacts.package import Contents
from bedplate.artifacts.package_kind import PackageKind, locked_output, one_version_each
from bedplate.artifacts.source_kind import Context, Resolution
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.component import Component
from bedplate.config.release_lock import Entry, Lock, Output, set_name
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.distributions.debian.apt import Apt, AptPackage
from bedplate.distributions.debian.apt_repository import KIND
from bedplate.distributions.debian.deb_dependencies import check_debs


def declared_roots(context: Context) -> list[list[str]]:
    """Return the roots of every set that a release needs: base image, all hosts, a bare host, each image."""
    components = context.components.values()
    images = [image.debs for component in components for image in component.images if image.debs is not None]
    return [[], *host_roots(KIND, context), *images]


class DebSource(PackageKind):
    """The source kind `deb`: Debian packages."""

    name = KIND

    def resolve(self, context: Context) -> Resolution:
        """Pin the closure of every declared set; keep a locked version while the repository has it.

        `context.update` names packages, since components share them.
        """
        wanted = {set_name(KIND, roots): roots for roots in declared_roots(context)}
        previous = context.previous or Lock(release="", entries=[], sets={})
        stale = [name for name in wanted if _is_stale(name, previous, context)]
        entries = {i: previous.by_id[i] for name in wanted if name not in stale for i in previous.sets[name]}
        sets = {name: previous.sets[name] for name in wanted if name not in stale}
        if stale:
            apt = apt_of(context)
            apt.update()
            for name in stale:
                closure = [entry_of(package) for package in apt.closure(wanted[name], _pins(previous, context))]
                entries.update({entry.id: entry for entry in closure})
                sets[name] = [entry.id for entry in closure]
        return Resolution([entries[key] for key in sorted(entries)], sets)

    def fetch(self, entries: Sequence[Entry], context: Context) -> None:
        """Download packages; an error names those that are gone from the repository."""
        fetch_debs(entries, context)

    def package_name(self, entry: Entry) -> str:
        """Return the package's name."""
        return entry.pin["package"]

    def missing_upstream(self, entries: Sequence[Entry], context: Context) -> list[Entry]:
        """Read the repositories' lists again and return the entries that are gone."""
        apt_of(context).update()
        return missing_from_repository(entries, context)

    def declared_sets(self, context: Context) -> Iterator[str]:
        """Yield the name of each set that is declared."""
        for roots in declared_roots(context):
            yield set_name(KIND, roots)

    def file_name(self, entry: Entry, components: Mapping[str, Component]) -> str:
        """Return the package's file name in a repository, which lacks the version's epoch."""
        package, version, architecture = entry.name.split("_")
        return f"{package}_{version.rpartition(':')[2]}_{architecture}.deb"

    def stable_name(self, name: str) -> str:
        """Return the package's name."""
        return name.partition("_")[0]

    def ecosystem(self) -> Ecosystem:
        """Return Debian's packages."""
        from bedplate.artifacts.deb.deb_packages import DebianPackages  # noqa: PLC0415  as SourceKind.ecosystem says

        return DebianPackages()

    def read_contents(self, blob: Path, ecosystems: Iterable[Ecosystem]) -> Contents:
        """Return the package itself."""
        from bedplate.artifacts.deb.deb_packages import read_deb  # noqa: PLC0415  as SourceKind.ecosystem says

        return read_deb(blob)

    def check_dependencies(
        self,
        release: ReleaseFile,
        blobs: Path,
        release_folder: Path,
        allowed: Collection[str],
    ) -> list[BedplateError]:
        """Return an error for each dependency that no package of the same set meets."""
        return check_debs(release, blobs, allowed)


def apt_of(context: Context) -> Apt:
    """Return apt for the release's platform."""
    platform = context.release.platform
    folder = context.cache.folder("apt", f"{platform.suite}-{platform.architecture}")
    return Apt(folder, platform.suite, platform.architecture)


def entry_of(package: AptPackage) -> Entry:
    """Return a package's entry; its pin is a digest, so its output is known."""
    pin = {
        "package": package.name,
        "version": package.version,
        "architecture": package.architecture,
        "filename": package.filename,
        "sha256": package.sha256,
    }
    return Entry(
        id=f"{KIND}:{package.name}_{package.version}_{package.architecture}",
        kind=KIND,
        pin=pin,
        recipe=digest.of(pin),
        output=Output(sha256=package.sha256, size=package.size),
    )


def missing_from_repository(entries: Sequence[Entry], context: Context) -> list[Entry]:
    """Return the entries whose version is gone from the repositories, by the lists read last."""
    versions = apt_of(context).available([entry.pin["package"] for entry in entries]) if entries else {}
    return [entry for entry in entries if entry.pin["version"] not in versions.get(entry.pin["package"], set())]


def fetch_debs(entries: Iterable[Entry], context: Context) -> None:
    """Download packages into the cache; an error names those that are gone from the repository."""
    wanted = list(entries)
    if not wanted:
        return
    apt = apt_of(context)
    apt.update()
    if gone := missing_from_repository(wanted, context):
        raise vanished(gone)
    for group in one_version_each(wanted, SOURCE_KIND):
        with context.cache.scratch() as folder:
            apt.download({entry.pin["package"]: entry.pin["version"] for entry in group}, folder)
            got = {digest.of_file(path): path for path in folder.glob("*.deb")}
            for entry in group:
                if _sha256(entry) not in got:
                    raise BedplateError(entry.id, "is not the same in the repository as in the lock", _relock([entry]))
                context.cache.add(got[_sha256(entry)], move=True)


def vanished(gone: Sequence[Entry]) -> BedplateError:
    """Return the error about packages that the repositories dropped."""
    names = ", ".join(entry.name for entry in gone)
    if len(gone) == 1:
        return BedplateError(f"Debian package {names}", "is gone from the repository", _relock(gone))
    return BedplateError(f"Debian packages {names}", "are gone from the repository", _relock(gone))


def _relock(entries: Sequence[Entry]) -> str:
    updates = " ".join(f"--update {name}" for name in sorted({e.pin["package"] for e in entries}))
    return f"run `bedplate lock {updates}`"


def _is_stale(name: str, previous: Lock, context: Context) -> bool:
    locked = previous.sets.get(name)
    if locked is None or context.is_to_update(name) or not all(i in previous.by_id for i in locked):
        return True
    return any(context.is_to_update(i, previous.by_id[i].pin["package"]) for i in locked)


def _pins(previous: Lock, context: Context) -> dict[str, str]:
    locked = [entry for entry in previous.entries if entry.kind == KIND]
    return {e.pin["package"]: e.pin["version"] for e in locked if not context.is_to_update(e.id, e.pin["package"])}


def _sha256(entry: Entry) -> str:
    return locked_output(entry).sha256


SOURCE_KIND = DebSource()
