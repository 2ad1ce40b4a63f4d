"""Declarations that changed since they were locked: what would be built is not what is declared."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.artifacts.deb import deb_source
from bedplate.artifacts.deb.deb_dependencies import shortened
from bedplate.artifacts.declared import DeclaredArtifact, declared_artifacts
from bedplate.artifacts.file.file_artifact import FileArtifact
from bedplate.artifacts.go import go_source
from bedplate.artifacts.go.go_artifact import GoArtifact
from bedplate.artifacts.npm import npm_source
from bedplate.artifacts.npm.npm_artifact import NpmArtifact
from bedplate.artifacts.source import Context
from bedplate.artifacts.wheel import wheel_source
from bedplate.core.errors import BedplateError, ErrorList, InputError

AnyDeclared = DeclaredArtifact[GoArtifact] | DeclaredArtifact[NpmArtifact] | DeclaredArtifact[FileArtifact]


def check_current(context: Context) -> None:
    """Raise Findings with every artifact or set of packages whose declaration is not the one in the lock."""
    every: list[AnyDeclared] = [
        *declared_artifacts(context, GoArtifact),
        *declared_artifacts(context, NpmArtifact),
        *declared_artifacts(context, FileArtifact),
    ]
    errors: list[BedplateError] = []
    for one in every:
        locked = context.lock.by_id.get(one.id)
        if locked is None:
            errors.append(InputError(f"artifact {one.artifact.id}", "is not in the lock", "bedplate lock"))
        elif locked.recipe != _recipe(one, locked.pin, context):
            fact = f"of component {one.component} was changed since it was locked"
            errors.append(InputError(f"artifact {one.artifact.id}", fact, "bedplate lock"))
    errors += _sets(context)
    if errors:
        raise ErrorList(errors)


def _sets(context: Context) -> Iterator[InputError]:
    """Yield an error for each set of packages that is declared and not locked, or locked without one of its own."""
    lock = context.lock
    wanted = [
        *map(deb_source.set_name, deb_source.declared_roots(context)),
        wheel_source.INSTALLER,
        *wheel_source.declared_requirements(context),
    ]
    for name in dict.fromkeys(wanted):
        if name not in lock.sets:
            yield InputError(f"set {shortened(name)}", "is not in the lock", "bedplate lock")
    for name, members in lock.sets.items():
        for member in members:
            if member not in lock.by_id:
                yield InputError(f"set {shortened(name)}", f"has {member}, which is not in the lock", "bedplate lock")


def _recipe(one: AnyDeclared, pin: dict[str, str], context: Context) -> str:
    match one.artifact:
        case GoArtifact() as artifact:
            inputs = {embed.artifact: context.entry(embed.artifact).recipe for embed in artifact.embed}
            return go_source.recipe(
                DeclaredArtifact(one.component, one.version, one.folder, artifact), pin, inputs, context
            )
        case NpmArtifact() as artifact:
            return npm_source.recipe(DeclaredArtifact(one.component, one.version, one.folder, artifact), pin, context)
        case FileArtifact() as artifact:
            return artifact.sha256
