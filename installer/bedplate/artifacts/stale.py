"""Check that the lock is current: no declaration changed since it was locked."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.artifacts.source_kind import Context
from bedplate.config.release_lock import short_set_name
from bedplate.core.errors import BedplateError, ErrorList, InputError


def check_current(context: Context) -> None:
    """Raise ErrorList with every artifact and set of packages whose declaration differs from the lock."""
    if errors := [*_artifacts(context), *_sets(context)]:
        raise ErrorList(errors)


def _artifacts(context: Context) -> Iterator[BedplateError]:
    declared = [(name, artifact) for name, component in context.components.items() for artifact in component.artifacts]
    for component, artifact in declared:
        subject, locked = f"artifact {artifact.id}", context.lock.by_id.get(f"{artifact.kind}:{artifact.id}")
        if locked is None:
            yield InputError(subject, "is not in the lock", "run `bedplate lock`")
        elif locked.recipe != context.kinds[artifact.kind].current_recipe(locked, context):
            yield InputError(
                subject, f"of component {component} was changed since it was locked", "run `bedplate lock`"
            )


def _sets(context: Context) -> Iterator[InputError]:
    """Yield an error for each set that is declared but not locked, and for each locked set that lacks a member."""
    lock = context.lock
    wanted = [name for kind in context.kinds.values() for name in kind.declared_sets(context)]
    for name in dict.fromkeys(wanted):
        if name not in lock.sets:
            yield InputError(f"set {short_set_name(name)}", "is not in the lock", "run `bedplate lock`")
    for name, members in lock.sets.items():
        for member in members:
            if member not in lock.by_id:
                yield InputError(
                    f"set {short_set_name(name)}", f"has {member}, which is not in the lock", "run `bedplate lock`"
                )
