"""Filling the local cache with what a lock needs, out of several origins in their order."""

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
from bedplate.core.sizes import human

WORKERS = 8
FAILURES = 3
"""Blobs that an origin may fail to give, one after the other, before it is not asked any more."""


@dataclass(frozen=True, slots=True)
class BinaryCaches:
    """Where artifacts are looked for.

    Attributes:
        ordered: tried one after the other.
        public: the key that an index has to be signed by; empty: indices are not read.
        patience: what each is put up with.
    """

    ordered: Sequence[BinaryCache] = ()
    public: str = ""
    patience: FetchLimits = field(default_factory=FetchLimits)


@dataclass(slots=True)
class FillResult:
    """What came.

    Attributes:
        artifacts: number of artifacts that are there now and were not.
        lacking: number that no origin has.
        size: bytes that came, by origin.
        refused: origins that nothing more is taken from, and why.
    """

    artifacts: int = 0
    lacking: int = 0
    size: dict[str, int] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return it in words."""
        sizes = ", ".join(f"{human(size)} from {name}" for name, size in self.size.items())
        lacking = f", {self.lacking} in none" if self.lacking else ""
        return f"{self.artifacts} artifacts{lacking}" + (f": {sizes}" if sizes else "")


def fill_cache(
    origins: BinaryCaches, context: Context, reporter: Reporter, progress: Callable[[int], None] = lambda _: None
) -> FillResult:
    """Have in the cache what the origins have of the context's lock, and return what came.

    First what a site gets; what only images are made of is looked for where an image is still missing.

    Args:
        origins: where to look.
        context: lock and cache.
        reporter: told which origin is refused and why.
        progress: called with numbers of bytes, from several threads.
    """
    with build_lock(context.cache, reporter):
        return _fill(_Fill(origins, context.cache, reporter, progress), context)


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
    """Return whether an artifact is in the cache under its recipe, an image with all its parts."""
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
    """One run."""

    origins: BinaryCaches
    cache: Cache
    reporter: Reporter
    progress: Callable[[int], None]
    filled: FillResult = field(default_factory=FillResult)
    broken: dict[str, int] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def indexed(self) -> dict[str, Output]:
        """Return what the origins' indices say, where a key is pinned; the first origin's word counts."""
        merged = CacheIndex(entries={})
        for origin in reversed(self.origins.ordered) if self.origins.public else ():
            try:
                if found := origin.index():
                    merged = merged.merged(cache_index.verified_index(found, self.origins.public, origin.name))
            except (BrokenError, BedplateError) as error:
                self._refuse(origin, str(error))
        return {recipe: Output(sha256=one.sha256, size=one.size) for recipe, one in merged.entries.items()}

    def take(self, entries: Iterable[Entry]) -> None:
        """Bring artifacts into the cache and note their recipes."""
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
            # the largest first, so that none of them is alone at the end
            list(pool.map(self._blob, sorted(missing.values(), key=lambda one: -one.size)))

    def _blob(self, wanted: Output) -> None:
        """Take a blob from the first origin that has it right."""
        for origin in self.origins.ordered:
            if origin.name in self.filled.refused:
                continue
            try:
                fetch_blob(origin, wanted, self.cache, self.origins.patience, self._told)
            except AbsentError:
                continue
            except BrokenError as error:
                self._broke(origin, f"did not give blob {wanted.sha256[:12]}: {error}")
            except CacheRefusedError as error:
                self._refuse(origin, str(error))
            else:
                with self.guard:
                    self.broken.pop(origin.name, None)
                    self.filled.size[origin.name] = self.filled.size.get(origin.name, 0) + wanted.size
                return

    def _told(self, count: int) -> None:
        with self.guard:
            self.progress(count)

    def _broke(self, origin: BinaryCache, why: str) -> None:
        """Say that an origin failed; one that does so again and again is left alone."""
        with self.guard:
            self.broken[origin.name] = self.broken.get(origin.name, 0) + 1
            often = self.broken[origin.name] >= FAILURES
        if often:
            self._refuse(origin, f"{FAILURES} blobs in a row could not be had, the last one: {why}")
        else:
            self._say(f"{origin.name} {why}")

    def _refuse(self, origin: BinaryCache, why: str) -> None:
        with self.guard:
            known = origin.name in self.filled.refused
            self.filled.refused.setdefault(origin.name, why)
        if not known:
            self._say(f"{origin.name} is refused, nothing more is taken from it: {why}")

    def _say(self, text: str) -> None:
        with self.guard:
            self.reporter.note(text)
