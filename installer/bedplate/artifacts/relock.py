"""Relock packages that are gone from the repositories: derive a lock in which only these are resolved again.

Debian's repositories keep one version of a package. A lab or a test that builds a release months later takes the
versions that are there, says which, and labels the release. For a release that is carried to a site, a person relocks
(`bedplate lock --update PACKAGE`), and the change is reviewed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bedplate.artifacts.image.image_build import image_recipe
from bedplate.artifacts.image.image_source import declared_images
from bedplate.artifacts.package_kind import PackageKind, locked_output
from bedplate.artifacts.source_kind import Context, Resolution
from bedplate.config.release_lock import Entry, Lock

LABEL = "+relock"


@dataclass(frozen=True, slots=True)
class Relocked:
    """A lock that can be built now.

    Attributes:
        lock: the same lock if nothing was gone, else a derived one whose release has a label.
        changed: packages that were relocked: name to the old and the new version ("" where no longer needed).
    """

    lock: Lock
    changed: dict[str, tuple[str, str]]


def relock(context: Context) -> Relocked:
    """Return a lock in which packages that are neither cached nor in the repositories are resolved again.

    Args:
        context: with the lock.
    """
    lock = context.lock
    changed: dict[str, tuple[str, str]] = {}
    for kind in (kind for kind in context.kinds.values() if isinstance(kind, PackageKind)):
        packages = [entry for entry in context.lock.entries if entry.kind == kind.name]
        missing = [entry for entry in packages if not context.cache.has(locked_output(entry).sha256)]
        if gone := kind.missing_upstream(missing, context) if missing else []:
            names = frozenset(kind.package_name(entry) for entry in gone)
            resolution = kind.resolve(replace(context, previous=context.lock, update=context.update | names))
            lock = _derived(lock, kind.name, resolution)
            changed |= _changed(packages, resolution.entries, kind)
    return Relocked(_with_images(lock, context) if changed else lock, changed)


def _derived(lock: Lock, kind: str, resolution: Resolution) -> Lock:
    """Return a lock with the sets of a kind as they were resolved again."""
    in_other_sets = {member for name, ids in lock.sets.items() if name not in resolution.sets for member in ids}
    kept = [entry for entry in lock.entries if entry.kind != kind or entry.id in in_other_sets]
    entries = {entry.id: entry for entry in [*kept, *resolution.entries]}
    return Lock(
        release=lock.release.removesuffix(LABEL) + LABEL,
        entries=[entries[name] for name in sorted(entries)],
        sets={**lock.sets, **resolution.sets},
    )


def _with_images(lock: Lock, context: Context) -> Lock:
    """Give images whose packages changed their new recipe; their output is then unknown."""
    images = declared_images(context.with_lock(lock))
    entries = []
    for entry in lock.entries:
        if entry.id in images:
            component, image = images[entry.id]
            recipe = image_recipe(image, component, context.with_lock(lock))
            output = entry.output if recipe == entry.recipe else None
            entries.append(entry.model_copy(update={"recipe": recipe, "output": output}))
        else:
            entries.append(entry)
    return Lock(release=lock.release, entries=entries, sets=lock.sets)


def _changed(before: list[Entry], after: list[Entry], kind: PackageKind) -> dict[str, tuple[str, str]]:
    old, new = ({kind.package_name(entry): entry.pin["version"] for entry in entries} for entries in (before, after))
    names = sorted(name for name in old | new if old.get(name) != new.get(name))
    return {name: (old.get(name, ""), new.get(name, "")) for name in names}
