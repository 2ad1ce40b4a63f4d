"""Lock a release: resolve every declaration, keep what did not change, write release.lock."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from bedplate.artifacts import toolchain
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import source_kinds
from bedplate.artifacts.source_kind import Context, Resolution
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Entry, Lock
from bedplate.core.errors import InputError
from bedplate.core.files import write_atomic

FILE = "release.lock"


def lock_release(
    catalog: Catalog,
    cache: Cache,
    update: Iterable[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Lock:
    """Resolve a release's sources and write its release.lock.

    Args:
        catalog: the release.
        cache: for compilers and what is downloaded.
        update: entry ids, artifacts, packages or components to resolve again; "*" is everything.
        progress: called with the source kind that is being resolved.
    """
    previous, kinds = _previous(catalog), source_kinds()
    _refuse_duplicates(catalog)
    context = Context(
        release=catalog.release,
        release_folder=catalog.folder,
        components=catalog.components,
        folders=catalog.folders,
        cache=cache,
        lock=Lock(release=catalog.release.version, entries=[], sets={}),
        previous=previous,
        update=frozenset(update),
        kinds=kinds,
    )
    for name, resolve in {
        "toolchain": toolchain.resolve_compilers,
        **{name: kinds[name].resolve for name in kinds},
    }.items():
        progress(name)
        context = context.with_lock(_merged(context.lock, resolve(context)))
    made = _with_outputs(context.lock, previous)
    _remove_stale_side_files(catalog.folder, made)
    write_lock(made, catalog.folder)
    return made


def write_lock(made: Lock, folder: Path) -> None:
    """Write release.lock into a release's folder: sorted, one value per line, so that its diffs can be reviewed."""
    write_atomic(folder / FILE, lock_text(made))


def lock_text(made: Lock) -> str:
    """Return the text of release.lock."""
    return json.dumps(made.model_dump(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _previous(catalog: Catalog) -> Lock | None:
    return catalog.lock() if (catalog.folder / FILE).is_file() else None


def _merged(so_far: Lock, resolution: Resolution) -> Lock:
    entries = {**so_far.by_id, **{entry.id: entry for entry in resolution.entries}}
    return Lock(
        release=so_far.release,
        entries=[entries[name] for name in sorted(entries)],
        sets={**so_far.sets, **resolution.sets},
    )


def _with_outputs(made: Lock, previous: Lock | None) -> Lock:
    """Keep the recorded output of every entry whose recipe is the same."""
    before = previous.by_id if previous else {}
    entries = [_with_output(entry, before.get(entry.id)) for entry in made.entries]
    return Lock(release=made.release, entries=entries, sets=made.sets)


def _with_output(entry: Entry, before: Entry | None) -> Entry:
    if entry.output is None and before and before.recipe == entry.recipe:
        return entry.model_copy(update={"output": before.output})
    return entry


def _refuse_duplicates(catalog: Catalog) -> None:
    seen: dict[str, str] = {}
    for name, component in catalog.components.items():
        for artifact in component.artifacts:
            if artifact.id in seen:
                fact = f"is declared by {seen[artifact.id]} and by {name}"
                raise InputError(f"artifact {artifact.id}", fact, "rename one of them")
            seen[artifact.id] = name


def _remove_stale_side_files(folder: Path, made: Lock) -> None:
    for kind in source_kinds():
        for side in (folder / "lock" / kind).glob("*"):
            if f"{kind}:{side.name}" not in made.by_id:
                shutil.rmtree(side)
