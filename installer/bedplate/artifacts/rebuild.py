"""Building again from source, to compare with what was recorded: whoever distrusts a cache can check it."""

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
