"""Toys: locked by their text, built into capital letters, each a package of an ecosystem of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from bedplate.artifacts.toy.toy_artifact import ToyArtifact

from bedplate.artifacts.declared import declared_artifacts, find_declared
from bedplate.artifacts.ecosystem import Ecosystem, read_text
from bedplate.artifacts.package import Contents, Package
from bedplate.artifacts.source_kind import Context, Resolution, SourceKind, Stage
from bedplate.config.release_lock import Entry, Output
from bedplate.core import digest


class ToySource(SourceKind):
    """The source kind `toy`."""

    name = "toy"
    stage = Stage.COMPILE
    is_tar = False

    def resolve(self, context: Context) -> Resolution:
        """Pin each text by its digest."""
        return Resolution(
            [
                Entry(id=toy.id, kind="toy", pin={"text": toy.artifact.text}, recipe=_recipe(toy.artifact))
                for toy in declared_artifacts(context, ToyArtifact)
            ]
        )

    def current_recipe(self, entry: Entry, context: Context) -> str:
        """Return the recipe of the text that is declared now."""
        return _recipe(find_declared(context, ToyArtifact, entry.id).artifact)

    def build(self, entry: Entry, context: Context) -> Output:
        """Write the text in capital letters."""
        return context.cache.add_bytes(entry.pin["text"].upper().encode())

    def ecosystem(self) -> Ecosystem:
        """Return the ecosystem of toys."""
        return Toys()

    def read_contents(self, blob: Path, ecosystems: Iterable[Ecosystem]) -> Contents:
        """Return the toy itself."""
        with blob.open("rb") as file:
            return Contents(packages=Toys().read_packages(file))


class Toys(Ecosystem):
    """Files that end in .toy."""

    purl_type = "toy"
    osv_name = "Toys"

    def has_metadata(self, path: str, size: int) -> bool:
        """Return whether it is a toy."""
        return path.endswith(".toy")

    def read_packages(self, file: IO[bytes]) -> list[Package]:
        """Return a package named like the text."""
        return [Package(ecosystem="toy", name=read_text(file).lower(), version="1")]

    def parse_version(self, text: str) -> Any:
        """Return a version as a number."""
        return int(text)


def _recipe(artifact: ToyArtifact) -> str:
    return digest.of({"toy": artifact.text})


SOURCE_KIND = ToySource()
