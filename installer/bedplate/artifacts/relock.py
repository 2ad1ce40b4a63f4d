"""A derived lock for packages that the repositories dropped: only these are resolved again.

Debian's repositories keep one version of a package. A lab or a test that builds a release months later
goes on with the versions that are there, says which, and labels the release; a release that is carried to
a site is relocked by a person (`bedplate lock --update PACKAGE`), whose change is reviewed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bedplate.artifacts.deb.deb_source import DebSource, apt_of, missing_from_repository
from bedplate.artifacts.image.image_build import image_recipe
from bedplate.artifacts.image.image_source import declared_images
from bedplate.artifacts.package_kind import locked_output
from bedplate.artifacts.source_kind import Context
from bedplate.config.release_lock import Entry, Lock

LABEL = "+relock"


@dataclass(frozen=True, slots=True)
class Relocked:
    """A lock that can be built now.

    Attributes:
        lock: the lock itself where nothing was gone, or one derived from it, its release labelled.
        changed: packages that were relocked: name to the old and the new version ("" where no longer needed).
    """

    lock: Lock
    changed: dict[str, tuple[str, str]]


def relock(context: Context, available: Callable[[list[Entry]], list[Entry]] | None = None) -> Relocked:
    """Return a lock in which packages that are neither cached nor in the repositories are resolved again.

    Args:
        context: with the lock.
        available: returns which entries are gone; by default the repositories are asked.
    """
    packages = [entry for entry in context.lock.entries if entry.kind == "deb"]
    missing = [entry for entry in packages if not context.cache.has(locked_output(entry).sha256)]
    gone = (available or (lambda entries: _ask(entries, context)))(missing) if missing else []
    if not gone:
        return Relocked(context.lock, {})
    names = frozenset(entry.pin["package"] for entry in gone)
    found = DebSource().resolve(replace(context, previous=context.lock, update=context.update | names))
    kept = [entry for entry in context.lock.entries if entry.kind != "deb"]
    derived = Lock(
        release=context.lock.release.removesuffix(LABEL) + LABEL,
        entries=sorted([*kept, *found.entries], key=lambda entry: entry.id),
        sets={**context.lock.sets, **found.sets},
    )
    return Relocked(_with_images(derived, context), _changed(packages, found.entries))


def _ask(entries: list[Entry], context: Context) -> list[Entry]:
    apt_of(context).update()
    return missing_from_repository(entries, context)


def _with_images(lock: Lock, context: Context) -> Lock:
    """Give images whose packages changed their new recipe; what they must be is then not known."""
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


def _changed(before: list[Entry], after: list[Entry]) -> dict[str, tuple[str, str]]:
    old, new = _versions(before), _versions(after)
    names = sorted(name for name in old | new if old.get(name) != new.get(name))
    return {name: (old.get(name, ""), new.get(name, "")) for name in names}


def _versions(entries: list[Entry]) -> dict[str, str]:
    return {entry.pin["package"]: entry.pin["version"] for entry in entries}
