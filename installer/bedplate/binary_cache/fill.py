"""Filling the local cache with the artifacts of a lock, from several binary caches in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from bedplate.artifacts import release_contents
from bedplate.artifacts.build_lock import build_lock
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import source_kinds
from bedplate.artifacts.source_kind import Context, Stage
from bedplate.binary_cache import cache_index
from bedplate.binary_cache.cache_index import CacheIndex
from bedplate.binary_cache.fetch import FetchLimits, fetch_blob
from bedplate.binary_cache.protocol import AbsentError, BinaryCache, BrokenError, CacheRefusedError
from bedplate.config.release_lock import Entry, Output
from bedplate.core.errors import BedplateError
from bedplate.core.reporter import Reporter
from bedplate.core.sizes import count_of, human

WORKERS = 8
FAILURES = 3
"""Blobs in a row that a binary cache may fail to give, before it is not used any more."""


@dataclass(frozen=True, slots=True)
class BinaryCaches:
    """The binary caches that artifacts are looked for in.

    Attributes:
        ordered: the caches, tried in order.
        public: the public key that an index must be signed by; empty if no index is read.
        limits: limits for fetching a blob.
    """

    ordered: Sequence[BinaryCache] = ()
    public: str = ""
    limits: FetchLimits = field(default_factory=FetchLimits)


@dataclass(slots=True)
class FillResult:
    """What was fetched.

    Attributes:
        artifacts: number of artifacts that were fetched.
        lacking: number of artifacts that no binary cache has.
        size: bytes that were fetched, by cache.
        refused: caches that are not used any more, and why.
    """

    artifacts: int = 0
    lacking: int = 0
    size: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the result in words."""
        sizes = ", ".join(f"{human(size)} from {name}" for name, size in self.size.items())
        lacking = f", {self.lacking} not found" if self.lacking else ""
        return f"{count_of(self.artifacts, 'artifact')}{lacking}" + (f": {sizes}" if sizes else "")


def fill_cache(
    caches: BinaryCaches, context: Context, reporter: Reporter, progress: Callable[[int], None] = lambda _: None
) -> FillResult:
    """Fetch the artifacts of the context's lock that the local cache lacks.

    First the artifacts of a bundle; artifacts that only images are made of are fetched if an image is still missing.

    Args:
        caches: the binary caches.
        context: lock and local cache.
        reporter: receives which cache is refused, and why.
        progress: called with numbers of bytes, from several threads.
    """
    with build_lock(context.cache, reporter):
        return _fill(_Fill(caches, context.cache, reporter, progress), context)


def _fill(run: _Fill, context: Context) -> FillResult:
    known = run.indexed()
    entries = [
        entry if entry.output else entry.model_copy(update={"output": known.get(entry.recipe)})
        for entry in context.lock.entries
    ]
    ids = {entry.id for entry in release_contents.carried(context.components, entries, context.lock.sets)}
    run.take([entry for entry in entries if entry.id in ids])
    assembled = [entry for entry in entries if source_kinds()[entry.kind].stage is Stage.ASSEMBLE]
    if not all(_is_kept(entry, context.cache) for entry in assembled):
        run.take([entry for entry in entries if entry.id not in ids])
    return run.filled


def _is_kept(entry: Entry, cache: Cache) -> bool:
    """Return whether an artifact is in the local cache under its recipe, an image with all its blobs."""
    if entry.output is None or cache.recall(entry.recipe) != entry.output:
        return False
    return all(cache.has(part.sha256) for part in _parts(entry, cache))


def _parts(entry: Entry, cache: Cache) -> list[Output]:
    """Return the blobs that an artifact consists of besides its own; none where that is not in the cache."""
    if entry.output is None or not cache.has(entry.output.sha256):
        return []
    return source_kinds()[entry.kind].parts(cache.blob(entry.output.sha256))


@dataclass(slots=True)
class _Fill:
    """One run of fill_cache."""

    caches: BinaryCaches
    cache: Cache
    reporter: Reporter
    progress: Callable[[int], None]
    filled: FillResult = field(default_factory=FillResult)
    failures: dict[str, int] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def indexed(self) -> dict[str, Output]:
        """Return outputs by recipe, from the caches' indexes if a key is pinned; the first cache wins."""
        merged = CacheIndex(entries={})
        for cache in reversed(self.caches.ordered) if self.caches.public else ():
            try:
                if signed := cache.index():
                    merged = merged.merged(cache_index.verified_index(signed, self.caches.public, cache.name))
            except (BrokenError, BedplateError) as error:
                self._refuse(cache, str(error))
        return {recipe: Output(sha256=entry.sha256, size=entry.size) for recipe, entry in merged.entries.items()}

    def take(self, entries: Iterable[Entry]) -> None:
        """Fetch artifacts into the local cache, and record their recipes."""
        wanted = [entry for entry in entries if entry.output and not _is_kept(entry, self.cache)]
        self._blobs(entry.output for entry in wanted if entry.output)
        self._blobs(part for entry in wanted for part in _parts(entry, self.cache))
        for entry in wanted:
            output = entry.output
            is_whole = output and self.cache.has(output.sha256)
            if output and is_whole and all(self.cache.has(part.sha256) for part in _parts(entry, self.cache)):
                self.cache.remember(entry.recipe, output)
                self.filled.artifacts += 1
            else:
                self.filled.lacking += 1

    def _blobs(self, outputs: Iterable[Output]) -> None:
        missing = {output.sha256: output for output in outputs if not self.cache.has(output.sha256)}
        with ThreadPoolExecutor(WORKERS) as pool:
            # the largest first, so that none of them is left alone at the end
            list(pool.map(self._blob, sorted(missing.values(), key=lambda output: -output.size)))

    def _blob(self, wanted: Output) -> None:
        """Fetch a blob from the first cache that has it."""
        for cache in self.caches.ordered:
            if cache.name in self.filled.refused:
                continue
            try:
                fetch_blob(cache, wanted, self.cache, self.caches.limits, self._progressed)
            except AbsentError:
                continue
            except BrokenError as error:
                self._failed(cache, f"did not give blob {wanted.sha256[:12]}: {error}")
            except CacheRefusedError as error:
                self._refuse(cache, str(error))
            else:
                with self.guard:
                    self.failures.pop(cache.name, None)
                    self.filled.size[cache.name] = self.filled.size.get(cache.name, 0) + wanted.size
                return

    def _progressed(self, count: int) -> None:
        with self.guard:
            self.progress(count)

    def _failed(self, cache: BinaryCache, why: str) -> None:
        """Report that a cache failed; after several failures in a row, it is not used any more."""
        with self.guard:
            self.failures[cache.name] = self.failures.get(cache.name, 0) + 1
            is_often = self.failures[cache.name] >= FAILURES
        if is_often:
            self._refuse(cache, f"{FAILURES} blobs in a row could not be fetched; the last one: {why}")
        else:
            self._report(f"{cache.name} {why}")

    def _refuse(self, cache: BinaryCache, why: str) -> None:
        with self.guard:
            is_known = cache.name in self.filled.refused
            self.filled.refused.setdefault(cache.name, why)
        if not is_known:
            self._report(f"{cache.name} is not used any more: {why}")

    def _report(self, text: str) -> None:
        with self.guard:
            self.reporter.note(text)
