"""Fetch or build every artifact of a lock, and refuse one that differs from the lock."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import zip_longest

from bedplate.artifacts import release_contents
from bedplate.artifacts.build_lock import build_lock
from bedplate.artifacts.source_kind import Context, Stage, fetch_or_build, kept_output
from bedplate.config.release_lock import Entry, Lock, Output
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.core.reporter import Reporter, report_item
from bedplate.core.sizes import human

LOW_DISK = 8_000_000_000
"""The compilers' own caches are emptied when less than this is free: what they made is kept by its digest."""


def realize(lock: Lock, context: Context, reporter: Reporter, *, record: bool) -> dict[str, Entry]:
    """Return every entry with its output; ErrorList names each that differs from the lock.

    Programs that only images hold are built only if such an image has to be built.

    Args:
        lock: the lock; images have entries in it once they were recorded.
        context: what the source kinds work with.
        reporter: shows each piece of work.
        record: fetch or build everything, and accept outputs that differ from the lock.
    """
    entries = {entry.id: entry for entry in lock.entries if _stage(entry, context) is not Stage.ASSEMBLE}
    for kind in (kind for kind in context.kinds.values() if kind.stage is Stage.ASSEMBLE):
        for entry in kind.resolve(context).entries:
            locked = lock.by_id.get(entry.id)
            entries[entry.id] = locked if locked and locked.recipe == entry.recipe else entry
    with build_lock(context.cache, reporter):
        outputs = _fetch_or_build_missing(entries, lock.sets, context, reporter, everything=record)
    if not record:
        _refuse_differences(lock, entries, outputs)
    return {
        name: entry.model_copy(update={"output": outputs.get(name, entry.output)}) for name, entry in entries.items()
    }


def _fetch_or_build_missing(
    entries: dict[str, Entry], sets: dict[str, list[str]], context: Context, reporter: Reporter, *, everything: bool
) -> dict[str, Output]:
    """Return the outputs of what the cache has, and of what is fetched or built now."""
    outputs = {name: output for name, entry in entries.items() if (output := kept_output(entry, context))}
    missing = [entry for name, entry in entries.items() if name not in outputs]
    if not everything and not any(_stage(entry, context) is Stage.ASSEMBLE for entry in missing):
        needed = {entry.id for entry in release_contents.carried(context.components, list(entries.values()), sets)}
        missing = [entry for entry in missing if entry.id in needed]
    _check_disk(missing, context)
    by_stage = {stage: [entry for entry in missing if _stage(entry, context) is stage] for stage in Stage}
    _fetch(by_stage[Stage.FETCH], context, reporter, outputs)
    _compile(by_stage[Stage.COMPILE], context, reporter, outputs)
    for entry in by_stage[Stage.ASSEMBLE]:
        with report_item(reporter, entry.id) as sizes:
            outputs[entry.id] = fetch_or_build(entry, context)
            sizes.extend(_sizes(entry, outputs[entry.id], context))
    return outputs


def _stage(entry: Entry, context: Context) -> Stage:
    return context.kinds[entry.kind].stage


def _sizes(entry: Entry, output: Output, context: Context) -> list[int]:
    parts = context.kinds[entry.kind].parts(context.cache.blob(output.sha256))
    return [output.size, *(part.size for part in parts)]


def _fetch(entries: list[Entry], context: Context, reporter: Reporter, outputs: dict[str, Output]) -> None:
    """Fetch each kind in its own thread: its package manager is run once for all that is missing."""
    kinds = {name: [entry for entry in entries if entry.kind == name] for name in context.kinds}

    def fetch(kind: str, wanted: list[Entry]) -> dict[str, Output]:
        with report_item(reporter, f"{kind}: {len(wanted)} to fetch") as sizes:
            fetched = {entry.id: fetch_or_build(entry, context) for entry in wanted}
            sizes += [output.size for output in fetched.values()]
        return fetched

    with ThreadPoolExecutor(len(kinds)) as pool:
        running: list[Future[dict[str, Output]]] = [pool.submit(fetch, k, some) for k, some in kinds.items() if some]
        errors = [error for future in running if isinstance(error := future.exception(), BedplateError)]
    if errors:
        raise ErrorList(errors)
    for future in running:
        outputs |= future.result()


def _compile(entries: list[Entry], context: Context, reporter: Reporter, outputs: dict[str, Output]) -> None:
    """Compile pages and programs one after another; while one is compiled, the next one's sources are downloaded."""
    order = list(context.kinds)
    ordered = sorted(entries, key=lambda entry: (order.index(entry.kind), entry.id))
    with ThreadPoolExecutor(1) as ahead:
        for entry, following in zip_longest(ordered, ordered[1:]):
            coming = [ahead.submit(context.kinds[following.kind].prefetch, following, context)] if following else []
            with report_item(reporter, entry.id) as sizes:
                outputs[entry.id] = fetch_or_build(entry, context)
                sizes.append(outputs[entry.id].size)
            wait(coming)  # its own build will report what went wrong there; and no cache is emptied meanwhile
            _empty_caches_when_low(context, reporter)


def _check_disk(missing: Iterable[Entry], context: Context) -> None:
    wanted: dict[str, int] = {}
    for entry in missing:
        size = context.kinds[entry.kind].disk_estimate or (entry.output.size if entry.output else 0)
        wanted[entry.kind] = wanted.get(entry.kind, 0) + size
    total, free = sum(wanted.values()), shutil.disk_usage(context.cache.folder()).free
    if total > free:
        detail = ", ".join(f"{human(size)} for {kind}" for kind, size in wanted.items())
        fact = f"has {human(free)} free; this build needs {human(total)} ({detail})"
        raise BedplateError(
            f"disk of {context.cache.root}", fact, "make room, or set BEDPLATE_CACHE to a folder on another disk"
        )


def _empty_caches_when_low(context: Context, reporter: Reporter) -> None:
    if shutil.disk_usage(context.cache.root).free > LOW_DISK:
        return
    reporter.note(f"less than {human(LOW_DISK)} free: emptying the compilers' own caches")
    for name in (name for kind in context.kinds.values() for name in kind.caches):
        folder = context.cache.root / name
        for path in folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)  # Go makes module folders read-only
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_differences(lock: Lock, entries: Mapping[str, Entry], outputs: Mapping[str, Output]) -> None:
    errors: list[BedplateError] = []
    for locked in lock.entries:
        made, current = outputs.get(locked.id), entries.get(locked.id)
        if made is None or current is None or locked.output is None or locked.output == made:
            continue
        if locked.recipe != current.recipe:
            fact, hint = "was changed since it was locked", "run `bedplate bundle build --record`"
        else:
            fact = f"came out as {made.sha256}, not {locked.output.sha256} as locked"
            hint = "find out what differs on this machine; only a change on purpose is recorded with --record"
        errors.append(BedplateError(locked.id, fact, hint))
    if errors:
        raise ErrorList(errors)
