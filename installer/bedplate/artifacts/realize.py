"""Having every artifact of a lock: from the cache, or made now, and equal to what the lock says."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import zip_longest

from bedplate.artifacts import release_contents
from bedplate.artifacts.build_lock import build_lock
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.go.go_source import GoSource
from bedplate.artifacts.image.image_build import is_whole
from bedplate.artifacts.image.image_source import declared_images, image_entry
from bedplate.artifacts.kinds import SOURCES, fetch_or_build_entry
from bedplate.artifacts.source import Context
from bedplate.config.release_lock import Entry, Lock, Output
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.core.reporter import Reporter, report_item
from bedplate.core.sizes import human

DOWNLOADED: tuple[str, ...] = ("deb", "wheel", "file")
COMPILED: tuple[str, ...] = ("npm", "go")
NEEDS: dict[str, int] = {"go": 900_000_000, "npm": 500_000_000, "image": 300_000_000}
"""Free disk that making one takes on a cold cache, its caches included (measured, rounded up)."""
GO_CACHES = ("go/build", "go/mod")
LOW_DISK = 8_000_000_000
"""Go's own caches are emptied when less than this is free: what they made is kept by its digest."""

Missing = dict[str, list[Entry]]


def realize(lock: Lock, context: Context, reporter: Reporter, *, record: bool) -> dict[str, Entry]:
    """Return every entry with its output, images included; Findings name each that differs from the lock.

    Compiled programs that only images hold are made only when such an image has to be made.

    Args:
        lock: the lock; images have entries in it once they were recorded.
        context: what the sources work with.
        reporter: told about each piece of work.
        record: take what comes out as right, and have all of it.
    """
    images = declared_images(context)
    entries = {entry.id: entry for entry in lock.entries if entry.kind != "image"}
    for name, (component, image) in images.items():
        entry, locked = image_entry(image, component, context), lock.by_id.get(name)
        entries[name] = locked if locked and locked.recipe == entry.recipe else entry
    with build_lock(context.cache, reporter):
        outputs = _make_missing(entries, lock.sets, context, reporter, everything=record)
    if not record:
        _refuse_differences(lock, entries, outputs)
    return {
        name: entry.model_copy(update={"output": outputs.get(name, entry.output)}) for name, entry in entries.items()
    }


def _make_missing(
    entries: dict[str, Entry], sets: dict[str, list[str]], context: Context, reporter: Reporter, *, everything: bool
) -> dict[str, Output]:
    """Return the outputs of what the cache has and of what is made now."""
    outputs = {name: output for name, entry in entries.items() if (output := _kept(entry, context))}
    missing = [entry for name, entry in entries.items() if name not in outputs]
    if not everything and not any(entry.kind == "image" for entry in missing):
        needed = {entry.id for entry in release_contents.carried(context.components, list(entries.values()), sets)}
        missing = [entry for entry in missing if entry.id in needed]
    _check_disk(missing, context.cache)
    _download([e for e in missing if e.kind in DOWNLOADED], context, reporter, outputs)
    _compile([e for e in missing if e.kind in COMPILED], context, reporter, outputs)
    for entry in (e for e in missing if e.kind == "image"):
        with report_item(reporter, entry.id) as sizes:
            outputs[entry.id] = SOURCES[entry.kind].build(entry, context)  # looks for all its blobs itself
            sizes += [
                context.cache.blob(blob).stat().st_size for blob in context.cache.image_blobs(outputs[entry.id].sha256)
            ]
    return outputs


def _kept(entry: Entry, context: Context) -> Output | None:
    """Return an entry's output if the cache has it whole."""
    cache = context.cache
    if entry.kind == "image":
        known = entry.output if entry.output and cache.has(entry.output.sha256) else cache.recall(entry.recipe)
        return known if known and is_whole(known, cache) else None
    if entry.output and cache.has(entry.output.sha256):
        return entry.output
    return cache.recall(entry.recipe) if entry.recipe and not entry.output else None


def _download(entries: list[Entry], context: Context, reporter: Reporter, outputs: dict[str, Output]) -> None:
    """Fetch each kind in its own thread: its package manager is asked once for all that is missing."""
    kinds = {kind: [e for e in entries if e.kind == kind] for kind in DOWNLOADED}

    def fetch(kind: str, wanted: list[Entry]) -> dict[str, Output]:
        with report_item(reporter, f"{kind}: {len(wanted)} to fetch") as sizes:
            found = {entry.id: fetch_or_build_entry(entry, context) for entry in wanted}
            sizes += [output.size for output in found.values()]
        return found

    with ThreadPoolExecutor(len(DOWNLOADED)) as pool:
        running: list[Future[dict[str, Output]]] = [pool.submit(fetch, k, some) for k, some in kinds.items() if some]
        errors = [error for one in running if isinstance(error := one.exception(), BedplateError)]
    if errors:
        raise ErrorList(errors)
    for one in running:
        outputs |= one.result()


def _compile(entries: list[Entry], context: Context, reporter: Reporter, outputs: dict[str, Output]) -> None:
    """Make pages and programs one after another; while one is compiled, the next one's modules come in."""
    ordered = sorted(entries, key=lambda entry: (COMPILED.index(entry.kind), entry.id))
    with ThreadPoolExecutor(1) as ahead:
        for entry, following in zip_longest(ordered, ordered[1:]):
            fetched = following is not None and following.kind == "go"
            coming = [ahead.submit(GoSource().fetch, following, context)] if fetched else []
            with report_item(reporter, entry.id) as sizes:
                outputs[entry.id] = fetch_or_build_entry(entry, context)
                sizes.append(outputs[entry.id].size)
            wait(coming)  # what went wrong there, its own build will say; and nobody trims under its hands
            _trim_when_low(context.cache, reporter)


def _check_disk(missing: Iterable[Entry], cache: Cache) -> None:
    wanted: dict[str, int] = {}
    for entry in missing:
        size = NEEDS.get(entry.kind, entry.output.size if entry.output else 0)
        wanted[entry.kind] = wanted.get(entry.kind, 0) + size
    total, free = sum(wanted.values()), shutil.disk_usage(cache.folder()).free
    if total > free:
        detail = ", ".join(f"{human(size)} for {kind}" for kind, size in wanted.items())
        fact = f"has {human(free)} free; this build needs {human(total)} ({detail})"
        raise BedplateError(
            f"disk of {cache.root}", fact, "make room, or set BEDPLATE_CACHE to a folder on another disk"
        )


def _trim_when_low(cache: Cache, reporter: Reporter) -> None:
    if shutil.disk_usage(cache.root).free > LOW_DISK:
        return
    reporter.note(f"less than {human(LOW_DISK)} free: emptying Go's own caches")
    for name in GO_CACHES:
        folder = cache.root / name
        for path in folder.rglob("*") if name == "go/mod" else ():
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)  # Go makes module folders read-only
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_differences(lock: Lock, entries: dict[str, Entry], outputs: dict[str, Output]) -> None:
    errors: list[BedplateError] = []
    for locked in lock.entries:
        made, current = outputs.get(locked.id), entries.get(locked.id)
        if made is None or current is None or locked.output is None or locked.output == made:
            continue
        if locked.recipe != current.recipe:
            fact, step = "is declared otherwise than it was locked", "bedplate bundle build --record"
        else:
            fact = f"came out as {made.sha256}, not {locked.output.sha256} as locked"
            step = "find out what differs on this machine; only a change on purpose is recorded with --record"
        errors.append(BedplateError(locked.id, fact, step))
    if errors:
        raise ErrorList(errors)
