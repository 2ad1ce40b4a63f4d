"""The source kind `wheel`: Python wheels with their dependencies, each pinned by file name and digest."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.package import Contents
from bedplate.artifacts.package_kind import PackageKind, one_version_each
from bedplate.artifacts.source_kind import Context, Resolution
from bedplate.artifacts.wheel import pip
from bedplate.artifacts.wheel.wheel_target import INSTALLER, KIND, wheel_target
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.component import Component
from bedplate.config.release_lock import Entry, Lock, Output, set_name
from bedplate.core import digest, paths
from bedplate.core.errors import BedplateError
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import find_distribution

RUNTIME = paths.SOURCE / "requirements/runtime.txt"


def declared_requirements(context: Context) -> dict[str, list[str]]:
    """Return the requirements of every image that has wheels, by set name."""
    images = [image for component in context.components.values() for image in component.images if image.wheels]
    return {set_name(KIND, image.wheels): image.wheels for image in images}


class WheelSource(PackageKind):
    """The source kind `wheel`: Python wheels."""

    name = KIND

    def resolve(self, context: Context) -> Resolution:
        """Pin the closure of every declared set and the installer's wheels; keep what is locked.

        The wheels are downloaded now, because an index does not give their size and the build needs them anyway.
        """
        previous = context.previous or Lock(release="", entries=[], sets={})
        entries: dict[str, Entry] = {}
        sets: dict[str, list[str]] = {}
        for name, requirements in {INSTALLER: runtime_requirements(), **declared_requirements(context)}.items():
            if _is_stale(name, requirements, previous, context):
                locked_now = _resolve(name, requirements, previous, context)
            else:
                locked_now = [previous.by_id[i] for i in previous.sets[name]]
            entries.update({entry.id: entry for entry in locked_now})
            sets[name] = [entry.id for entry in locked_now]
        return Resolution([entries[key] for key in sorted(entries)], sets)

    def fetch(self, entries: Sequence[Entry], context: Context) -> None:
        """Download wheels."""
        fetch_wheels(entries, context)

    def package_name(self, entry: Entry) -> str:
        """Return the project's name."""
        return entry.pin["name"]

    def declared_sets(self, context: Context) -> Iterable[str]:
        """Return the installer's set and those of images."""
        return [INSTALLER, *declared_requirements(context)]

    def is_carried(
        self,
        entry: Entry,
        components: Mapping[str, Component],
        sets: Mapping[str, list[str]],
    ) -> bool:
        """Return whether the wheel is in a set of wheels; compilers are not."""
        return any(entry.id in ids for name, ids in sets.items() if name.startswith(f"{KIND}:"))

    def stable_name(self, name: str) -> str:
        """Return the project's name."""
        return name.partition("-")[0]

    def ecosystem(self) -> Ecosystem:
        """Return Python's packages."""
        from bedplate.artifacts.wheel.wheel_packages import PythonPackages  # noqa: PLC0415  as SourceKind.ecosystem says

        return PythonPackages()

    def read_contents(self, blob: Path, ecosystems: Iterable[Ecosystem]) -> Contents:
        """Return the package itself."""
        from bedplate.artifacts.wheel.wheel_packages import read_wheel  # noqa: PLC0415  as SourceKind.ecosystem says

        return read_wheel(blob)

    def check_dependencies(
        self,
        release: ReleaseFile,
        blobs: Path,
        release_folder: Path,
        allowed: Collection[str],
    ) -> list[BedplateError]:
        """Return an error for each requirement that no wheel of the same set meets."""
        from bedplate.artifacts.wheel.wheel_requirements import check_wheels  # noqa: PLC0415  as SourceKind.ecosystem says

        return check_wheels(release, blobs, allowed)


def runtime_requirements() -> list[str]:
    """Return the installer's requirements with their hashes: one logical line each."""
    text = RUNTIME.read_text().replace("\\\n", " ")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def entry_of(wheel: Path, output: Output) -> Entry:
    """Return a wheel's entry; its pin is a digest, so its output is known."""
    name, version = wheel.name.split("-")[:2]
    pin = {"name": normalised(name), "version": version, "filename": wheel.name, "sha256": output.sha256}
    return Entry(id=f"{KIND}:{wheel.name}", kind=KIND, pin=pin, recipe=digest.of(pin), output=output)


def normalised(project: str) -> str:
    """Return a project's name as indices compare it (https://peps.python.org/pep-0503/)."""
    return re.sub(r"[-_.]+", "-", project).lower()


def fetch_wheels(entries: Iterable[Entry], context: Context) -> None:
    """Download wheels into the cache."""
    targets: dict[str, list[Entry]] = {}
    for entry in entries:
        name = INSTALLER if entry.id in context.lock.sets.get(INSTALLER, ()) else ""
        targets.setdefault(_target(name, context).name, []).append(entry)
    for target, some in targets.items():
        for group in one_version_each(some, SOURCE_KIND):
            lines = [f"{e.pin['name']}=={e.pin['version']} --hash=sha256:{e.pin['sha256']}" for e in group]
            with context.cache.scratch() as folder:
                pip.download_wheels(lines, folder, find_distribution(target), closed=True)
                _add(group, folder, context)


def _add(entries: Iterable[Entry], folder: Path, context: Context) -> None:
    for entry in entries:
        downloaded = context.cache.add(folder / entry.pin["filename"], move=True)
        if downloaded != entry.output:
            raise BedplateError(entry.id, f"has the digest {downloaded.sha256}, unlike the lock", "run `bedplate lock`")


def _target(set_name: str, context: Context) -> Distribution:
    return wheel_target(set_name, context.distribution)


def _resolve(name: str, requirements: list[str], previous: Lock, context: Context) -> list[Entry]:
    with context.cache.scratch() as folder:
        if name == INSTALLER:
            pip.download_wheels(requirements, folder, _target(name, context), closed=True)
        else:
            locked = [previous.by_id[i] for i in previous.sets.get(name, []) if i in previous.by_id]
            kept = [
                e.pin for e in locked if not context.is_to_update(name, *_owners(name, context), e.id, e.pin["name"])
            ]
            constraints = [f"{pin['name']}=={pin['version']}" for pin in kept]
            pip.download_wheels(requirements, folder, _target(name, context), constraints=constraints)
        wheels = sorted(folder.glob("*.whl"), key=lambda wheel: wheel.name)
        return [entry_of(wheel, context.cache.add(wheel)) for wheel in wheels]


def _is_stale(name: str, requirements: list[str], previous: Lock, context: Context) -> bool:
    locked = previous.sets.get(name)
    if (
        locked is None
        or context.is_to_update(name, *_owners(name, context))
        or not all(i in previous.by_id for i in locked)
    ):
        return True
    pins = [previous.by_id[i].pin for i in locked]
    if name == INSTALLER and not _same_pins(requirements, pins):
        return True
    return any(context.is_to_update(f"{KIND}:{pin['filename']}", pin["name"]) for pin in pins)


def _owners(name: str, context: Context) -> list[str]:
    """Return the components whose images hold a set."""
    components = context.components.values()
    return [c.name for c in components for image in c.images if image.wheels and set_name(KIND, image.wheels) == name]


def _same_pins(requirements: list[str], pins: list[dict[str, str]]) -> bool:
    texts = {line.partition(" ")[0]: line for line in requirements}
    locked: Mapping[str, str] = {f"{pin['name']}=={pin['version']}": pin["sha256"] for pin in pins}
    return len(texts) == len(locked) and all(locked.get(key, "absent") in line for key, line in texts.items())


SOURCE_KIND = WheelSource()
