"""Source kinds whose artifacts are a package manager's packages, fetched many at a time."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import ClassVar

from bedplate.artifacts.source_kind import Context, SourceKind, Stage
from bedplate.config.release_lock import Entry, Output
from bedplate.core.errors import BedplateError

_fetching: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


class PackageKind(SourceKind):
    """A kind of packages. Each is pinned by version and digest, so its output is known once it is locked."""

    stage = Stage.FETCH
    is_package: ClassVar[bool] = True
    is_served_as_file: ClassVar[bool] = False

    @abstractmethod
    def package_name(self, entry: Entry) -> str:
        """Return the name of an entry's package, without its version."""

    def missing_upstream(self, entries: Sequence[Entry], context: Context) -> list[Entry]:
        """Return the entries whose version is gone from the repositories; by default none is."""
        return []

    @abstractmethod
    def fetch(self, entries: Sequence[Entry], context: Context) -> None:
        """Download packages into the cache."""

    def build(self, entry: Entry, context: Context) -> Output:
        """Fetch a package and all others of the lock that are missing, so that the package manager starts once."""
        output = locked_output(entry)
        if not context.cache.has(output.sha256):
            with _fetching[self.name]:
                same_kind = [package for package in context.lock.entries if package.kind == self.name]
                wanted = {package.id: package for package in [entry, *same_kind]}.values()
                self.fetch(
                    [package for package in wanted if not context.cache.has(locked_output(package).sha256)], context
                )
        return output


def locked_output(entry: Entry) -> Output:
    """Return the output that the entry of a package always has."""
    if entry.output is None:
        raise BedplateError(entry.id, "has no digest in the lock", "run `bedplate lock`")
    return entry.output


def one_version_each(entries: Iterable[Entry], kind: PackageKind) -> list[list[Entry]]:
    """Split entries so that no group holds two versions of one package: apt and pip take one at a time.

    Args:
        entries: locked packages.
        kind: their kind.
    """
    groups: list[dict[str, Entry]] = []
    for entry in entries:
        group = next((group for group in groups if kind.package_name(entry) not in group), None)
        if group is None:
            groups.append(group := {})
        group[kind.package_name(entry)] = entry
    return [list(group.values()) for group in groups]
