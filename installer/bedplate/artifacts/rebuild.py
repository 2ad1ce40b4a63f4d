"""Build artifacts again from source and compare them with the lock (`bundle build --check`)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatch

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import build_context
from bedplate.artifacts.source_kind import Context, fetch_or_build
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Entry
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.core.reporter import Reporter, report_item


class Verdict(Enum):
    """The result of a comparison."""

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
        locked: the digest in the lock; may be empty.
        made: the digest of what was built; empty if it failed.
        fact: why it failed.
    """

    id: str
    verdict: Verdict
    locked: str
    made: str = ""
    fact: str = ""


def rebuild(catalog: Catalog, cache: Cache, only: str, reporter: Reporter) -> list[RebuildResult]:
    """Build a release's artifacts from source and return each comparison; a failure does not stop the others.

    Args:
        catalog: the release.
        cache: an empty one, so that nothing built earlier is used.
        only: shell pattern of the ids to build; what they are made of is built as well.
        reporter: shows each artifact.
    """
    lock = catalog.lock()
    chosen = [entry for entry in lock.entries if fnmatch(entry.id, only)]
    if not chosen:
        raise InputError(f"pattern {only}", "matches no entry of the lock", "try 'go:*' or 'image:*'")
    context = build_context(catalog, cache, lock)
    order = list(context.kinds)
    chosen.sort(key=lambda entry: (order.index(entry.kind), entry.id))
    return [_rebuild(entry, context, reporter) for entry in chosen]


def _rebuild(entry: Entry, context: Context, reporter: Reporter) -> RebuildResult:
    locked = entry.output.sha256 if entry.output else ""
    try:
        with report_item(reporter, entry.id) as sizes:
            made = fetch_or_build(entry, context)
            sizes.append(made.size)
    except (BedplateError, ErrorList) as error:
        reporter.end(entry.id, "failed")
        return RebuildResult(entry.id, Verdict.FAILED, locked, fact=str(error).splitlines()[0])
    if not locked:
        return RebuildResult(entry.id, Verdict.UNRECORDED, locked, made.sha256)
    return RebuildResult(entry.id, Verdict.SAME if made == entry.output else Verdict.DIFFERENT, locked, made.sha256)
