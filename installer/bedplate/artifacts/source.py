"""What every kind of source can do: resolve declarations into locked entries, and make an entry's artifact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from bedplate.artifacts.cache import Cache
from bedplate.config.component import Component
from bedplate.config.release import Release
from bedplate.config.release_lock import Entry, Lock, Output
from bedplate.core.errors import BedplateError


@dataclass(frozen=True, slots=True)
class Context:
    """What a source works with.

    Attributes:
        release: the release.
        release_folder: releases/<version>/.
        components: by name.
        folders: manifests/<component>/ of each.
        cache: where blobs go.
        lock: while locking, what is locked so far; while building, the lock.
        previous: while locking, the lock that was there before.
        update: while locking, names (entry ids, artifacts, packages, components) to resolve again; "*" is all.
        sources: every source kind by its name, for artifacts that embed others.
    """

    release: Release
    release_folder: Path
    components: dict[str, Component]
    folders: dict[str, Path]
    cache: Cache
    lock: Lock
    previous: Lock | None = None
    update: frozenset[str] = field(default_factory=frozenset)
    sources: Mapping[str, Source] = field(default_factory=dict)

    def lock_folder(self, kind: str, name: str) -> Path:
        """Return the folder of an artifact's own lock files, such as lock/go/<id>/."""
        return self.release_folder / "lock" / kind / name

    def is_to_update(self, *names: str) -> bool:
        """Return whether any of the names is asked to be resolved again."""
        return bool(self.update & {"*", *names})

    def previous_entry(self, entry_id: str) -> Entry | None:
        """Return what the lock said of an entry before this run."""
        return self.previous.by_id.get(entry_id) if self.previous else None

    def entry(self, artifact: str) -> Entry:
        """Return the locked entry of an artifact, by its id in component.yaml."""
        for kind in ("go", "npm", "file"):
            if found := self.lock.by_id.get(f"{kind}:{artifact}"):
                return found
        raise BedplateError(f"artifact {artifact}", "is not in the lock", "bedplate lock")

    def with_lock(self, lock: Lock) -> Context:
        """Return the same context with another lock."""
        return replace(self, lock=lock)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a source's declarations came to.

    Attributes:
        entries: one per artifact; `output` may be filled where the pin itself is a digest (deb, wheel, file).
        sets: package closures by set name ('deb:<roots>', 'wheel:<requirements>'), entry ids in install order.
    """

    entries: list[Entry]
    sets: dict[str, list[str]] = field(default_factory=dict)


class Source(Protocol):
    """One kind of source."""

    def resolve(self, context: Context) -> Resolution:
        """Pin every declaration of this kind, with network; keep what did not change (context.previous)."""
        ...

    def build(self, entry: Entry, context: Context) -> Output:
        """Make or fetch the artifact of an entry and put it into the cache; nothing is looked up here."""
        ...


def fetch_or_build(source: Source, entry: Entry, context: Context) -> Output:
    """Return an entry's artifact from the cache, made first if it is not there."""
    if known := context.cache.recall(entry.recipe):
        return known
    output = source.build(entry, context)
    context.cache.remember(entry.recipe, output)
    return output
