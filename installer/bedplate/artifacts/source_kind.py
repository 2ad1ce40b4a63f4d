"""What a source kind is: how its artifacts are locked, fetched or built, carried in a bundle and described.

A kind is one folder, artifacts/<kind>/, with `SOURCE_KIND` in <kind>_source.py. Nothing else names it: see
docs/how-to/add-a-source-kind.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import Path
from typing import ClassVar

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.contents import read_tar
from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.package import Contents, Package
from bedplate.config.artifact import entry_ids
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.config.component import Component
from bedplate.config.release import Release
from bedplate.config.release_lock import Entry, Lock, Output
from bedplate.core.errors import BedplateError
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import find_distribution, image_distribution


@dataclass(frozen=True, slots=True)
class Context:
    """What a source kind works with.

    Attributes:
        release: the release.
        release_folder: releases/<version>/.
        components: by name.
        folders: manifests/<component>/ of each.
        cache: where blobs go.
        lock: while locking, what is locked so far; while building, the lock.
        previous: while locking, the lock that was there before.
        update: while locking, names (entry ids, artifacts, packages, components) to resolve again; "*" is all.
        kinds: every source kind by its name, for artifacts that are made of others.
    """

    release: Release
    release_folder: Path
    components: dict[str, Component]
    folders: dict[str, Path]
    cache: Cache
    lock: Lock
    previous: Lock | None = None
    update: frozenset[str] = field(default_factory=frozenset)
    kinds: Mapping[str, SourceKind] = field(default_factory=dict)

    @property
    def distribution(self) -> Distribution:
        """Return the hosts' distribution."""
        return find_distribution(self.release.platform.distribution)

    @property
    def image_distribution(self) -> Distribution:
        """Return the distribution of images, whose packages component.yaml lists as `debs`, on any hosts."""
        return image_distribution()

    def lock_folder(self, kind: str, name: str) -> Path:
        """Return the folder of an artifact's own lock files, such as lock/go/<id>/."""
        return self.release_folder / "lock" / kind / name

    def is_to_update(self, *names: str) -> bool:
        """Return whether one of the names has to be resolved again."""
        return bool(self.update & {"*", *names})

    def previous_entry(self, entry_id: str) -> Entry | None:
        """Return an entry as it was locked before this run."""
        return self.previous.by_id.get(entry_id) if self.previous else None

    def entry(self, artifact: str) -> Entry:
        """Return the locked entry of an artifact, by its id in component.yaml."""
        for entry_id in entry_ids(artifact):
            if entry := self.lock.by_id.get(entry_id):
                return entry
        raise BedplateError(f"artifact {artifact}", "is not in the lock", "run `bedplate lock`")

    def with_lock(self, lock: Lock) -> Context:
        """Return the same context with another lock."""
        return replace(self, lock=lock)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a kind's declarations resolve to.

    Attributes:
        entries: one per artifact; `output` is filled where the pin itself is a digest (deb, wheel, file).
        sets: package closures by set name ('deb:<roots>', 'wheel:<requirements>'), entry ids in install order.
    """

    entries: list[Entry]
    sets: dict[str, list[str]] = field(default_factory=dict)


class Stage(IntEnum):
    """When the artifacts of a kind are made, in this order."""

    FETCH = 0
    """Downloaded as they are; all kinds of this stage at once."""
    COMPILE = 1
    """Built from sources, one after the other."""
    ASSEMBLE = 2
    """Made of other artifacts; resolving contacts nothing and needs only the rest of the lock."""


class SourceKind(ABC):
    """One kind of artifact: everything in which kinds differ, with the usual as the default.

    Attributes:
        name: the kind's name in locks and in component.yaml; also its folder's.
        stage: when its artifacts are made.
        needs: kinds of the same stage that come before.
        disk_estimate: free disk in bytes that one takes with a cold cache, the compiler's caches included
            (measured, rounded up); 0: its own size.
        caches: folders of the cache that may be emptied when the disk is nearly full.
        is_tar: its artifacts are tars, from which images and hosts take files; others are one file each.
        is_package: its artifacts are packages, and so are not listed as holders of packages.
        is_served_as_file: the mirror serves its artifacts under files/, by their file names.
    """

    name: ClassVar[str]
    stage: ClassVar[Stage]
    needs: ClassVar[tuple[str, ...]] = ()
    disk_estimate: ClassVar[int] = 0
    caches: ClassVar[tuple[str, ...]] = ()
    is_tar: ClassVar[bool] = True
    is_package: ClassVar[bool] = False
    is_served_as_file: ClassVar[bool] = True

    @abstractmethod
    def resolve(self, context: Context) -> Resolution:
        """Pin every declaration of this kind, over the network; keep what did not change (`context.previous`)."""

    @abstractmethod
    def build(self, entry: Entry, context: Context) -> Output:
        """Fetch or build an entry's artifact into the cache; only the lock decides what it is."""

    def current_recipe(self, entry: Entry, context: Context) -> str:
        """Return the recipe that an entry has now, from its current declaration and the locked pins."""
        return entry.recipe

    def declared_sets(self, context: Context) -> Iterable[str]:
        """Return the names of the sets that components ask for, such as 'deb:nginx-light'."""
        return ()

    def prefetch(self, entry: Entry, context: Context) -> None:  # noqa: B027  most kinds have nothing to do
        """Download what building an entry needs, while another artifact is built."""

    def parts(self, blob: Path) -> list[Output]:
        """Return the other blobs that an artifact consists of, named by its own, such as an image's layers."""
        return []

    def inputs(self, entry: Entry, context: Context) -> Iterable[Entry]:
        """Return the locked artifacts that go into an artifact."""
        return ()

    def is_carried(
        self,
        entry: Entry,
        components: Mapping[str, Component],
        sets: Mapping[str, list[str]],
    ) -> bool:
        """Return whether a bundle carries the artifact itself, not only what is made of it."""
        return True

    def file_name(self, entry: Entry, components: Mapping[str, Component]) -> str:
        """Return the artifact's file name in the bundle and the mirror; '' if it is never a file."""
        return entry.name

    def component_version(self, artifact: BundledArtifact) -> str:
        """Return the component's version from the file name; '' if it is not in there."""
        return ""

    def stable_name(self, name: str) -> str:
        """Return the part of an artifact's name that stays the same when its version changes."""
        return name

    def ecosystem(self) -> Ecosystem | None:
        """Return the ecosystem of packages that this kind brings; imported late, as only bills of materials need it."""
        return None

    def content_blobs(self, blob: Path) -> list[str]:
        """Return the digests of the blobs that hold an artifact's files, from bottom to top."""
        return [blob.name]

    def read_contents(self, blob: Path, ecosystems: Iterable[Ecosystem]) -> Contents | None:
        """Return the packages in one of these blobs, a tar; None if the kind never has any."""
        return read_tar(blob, ecosystems)

    def known_packages(self, context: Context) -> Iterable[Package]:
        """Return packages about which the lock or a component says more than their own metadata."""
        return ()

    def recorded_licences(self, release_folder: Path) -> Mapping[str, str]:
        """Return licences that are recorded next to the lock: `name@version` to SPDX expression."""
        return {}

    def record_licences(self, release_folder: Path, packages: Iterable[Package], cache: Cache) -> int:
        """Record the licences of packages that do not name them; return how many remain without one."""
        return 0

    def check_dependencies(
        self, release: ReleaseFile, blobs: Path, release_folder: Path, allowed: Collection[str]
    ) -> list[BedplateError]:
        """Return an error for each package that another one of this kind needs and the bundle lacks.

        Args:
            release: what the bundle holds.
            blobs: folder with its blobs.
            release_folder: releases/<version>/, with the lock's own files.
            allowed: exceptions, as component.yaml lists them for this kind.
        """
        return []


def kept_output(entry: Entry, context: Context) -> Output | None:
    """Return an entry's output if the cache has all of it: the recorded one, or an earlier one of its recipe."""
    cache = context.cache
    output = entry.output if entry.output and cache.has(entry.output.sha256) else cache.recall(entry.recipe)
    return output if output and _is_whole(output, entry, context) else None


def fetch_or_build(entry: Entry, context: Context) -> Output:
    """Return an entry's artifact from the cache; fetch or build it first if it is missing."""
    known = context.cache.recall(entry.recipe)
    if known and _is_whole(known, entry, context):
        return known
    output = context.kinds[entry.kind].build(entry, context)
    context.cache.remember(entry.recipe, output)
    return output


def _is_whole(output: Output, entry: Entry, context: Context) -> bool:
    parts = context.kinds[entry.kind].parts(context.cache.blob(output.sha256))
    return all(context.cache.has(part.sha256) for part in parts)
