"""Building again from source, to compare with what was recorded: whoever distrusts a cache can check it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatch

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.image.image_source import declared_images
from bedplate.artifacts.kinds import SOURCES, build_context, fetch_or_build_entry
from bedplate.artifacts.source import Context
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Entry, Output
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.core.reporter import Reporter, report_item

ORDER = ("file", "deb", "wheel", "npm", "go", "image")


class Verdict(Enum):
    """How an artifact came out."""

    SAME = "same"
    DIFFERENT = "different"
    FAILED = "failed"
    UNRECORDED = "not recorded"


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """One artifact, built again.

    Attributes:
        id: its id in the lock.
        verdict: the comparison.
        locked: the digest in the lock, maybe empty.
        made: the digest that came out, empty where it failed.
        fact: why it failed.
    """

    id: str
    verdict: Verdict
    locked: str
    made: str = ""
    fact: str = ""


def rebuild(catalog: Catalog, cache: Cache, only: str, reporter: Reporter) -> list[RebuildResult]:
    """Build a release's artifacts from source and return how each came out; one that fails stops no other.

    Args:
        catalog: the release.
        cache: an empty one, so that nothing made before is taken for what is made now.
        only: shell pattern of the ids to build; what they are made of is built as well.
        reporter: told about each piece of work.
    """
    lock = catalog.lock()
    chosen = [entry for entry in lock.entries if fnmatch(entry.id, only)]
    if not chosen:
        raise InputError(f"pattern {only}", "fits no entry of the lock", "try 'go:*' or 'image:*'")
    surroundings = build_context(catalog, cache, lock)
    chosen.sort(key=lambda entry: (ORDER.index(entry.kind), entry.id))
    return [_again(entry, surroundings, reporter) for entry in chosen]


def _again(entry: Entry, context: Context, reporter: Reporter) -> RebuildResult:
    locked = entry.output.sha256 if entry.output else ""
    try:
        with report_item(reporter, entry.id) as sizes:
            for part in _made_of(entry, context):
                fetch_or_build_entry(part, context)
            made = _build(entry, context)
            sizes.append(made.size)
    except (BedplateError, ErrorList) as error:
        reporter.end(entry.id, "failed")
        return RebuildResult(entry.id, Verdict.FAILED, locked, fact=str(error).splitlines()[0])
    if not locked:
        return RebuildResult(entry.id, Verdict.UNRECORDED, locked, made.sha256)
    return RebuildResult(entry.id, Verdict.SAME if made == entry.output else Verdict.DIFFERENT, locked, made.sha256)


def _build(entry: Entry, context: Context) -> Output:
    if entry.kind == "image":
        return SOURCES[entry.kind].build(entry, context)
    return fetch_or_build_entry(entry, context)


def _made_of(entry: Entry, context: Context) -> Iterator[Entry]:
    """Yield the artifacts that go into an image; packages and wheels it fetches itself."""
    if entry.kind == "image" and entry.id in declared_images(context):
        for file in declared_images(context)[entry.id][1].files:
            if file.artifact:
                yield context.entry(file.artifact)
