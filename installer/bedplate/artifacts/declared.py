"""The artifacts that a release's components declare, by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from bedplate.artifacts.source_kind import Context
from bedplate.config.artifact import Artifact
from bedplate.core import digest
from bedplate.core.errors import BedplateError, InputError, SourceLocation

A = TypeVar("A", bound=Artifact)


@dataclass(frozen=True, slots=True)
class DeclaredArtifact(Generic[A]):
    """One artifact, and where it is declared.

    Attributes:
        component: the component's name.
        version: the component's version.
        folder: manifests/<component>/.
        artifact: the declaration.
    """

    component: str
    version: str
    folder: Path
    artifact: A

    @property
    def id(self) -> str:
        """Return the entry's id in the lock."""
        return f"{self.artifact.kind}:{self.artifact.id}"

    def local(self, name: str) -> Path:
        """Return a file of the component's folder; raise InputError if it does not exist."""
        path = self.folder / name
        if not path.is_file():
            where = SourceLocation(str(self.folder / "component.yaml"))
            raise InputError(
                f"artifact {self.artifact.id}",
                f"names the file {name}, which does not exist",
                f"add it to {self.folder}",
                where,
            )
        return path


def declared_artifacts(context: Context, model: type[A]) -> list[DeclaredArtifact[A]]:
    """Return every artifact of one kind, in the release's order."""
    return [
        DeclaredArtifact(name, component.version, context.folders[name], artifact)
        for name, component in context.components.items()
        for artifact in component.artifacts
        if isinstance(artifact, model)
    ]


def find_declared(context: Context, model: type[A], entry_id: str) -> DeclaredArtifact[A]:
    """Return the declaration of a locked artifact; raise BedplateError if no component declares it any more."""
    for declared in declared_artifacts(context, model):
        if declared.id == entry_id:
            return declared
    raise BedplateError(f"artifact {entry_id}", "is in the lock, but no component declares it", "run `bedplate lock`")


def local_digests(declared: DeclaredArtifact[A], names: Iterable[str]) -> dict[str, str]:
    """Return the digest of each file of the component's folder that goes into an artifact."""
    return {name: digest.of_file(declared.local(name)) for name in names if name}
