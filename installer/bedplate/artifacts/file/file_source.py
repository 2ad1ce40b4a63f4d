"""The source kind `file`: single files, by URL and digest or from the component's own folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from bedplate.artifacts.declared import DeclaredArtifact, declared_artifacts, find_declared
from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.file.file_artifact import FileArtifact
from bedplate.artifacts.source_kind import Context, Resolution, SourceKind, Stage
from bedplate.config.release_lock import Entry, Output
from bedplate.core import digest
from bedplate.core.errors import BedplateError

TIMEOUT = 60


class FileSource(SourceKind):
    """The source kind `file`: an artifact is the file itself."""

    name = "file"
    stage = Stage.FETCH
    is_tar = False

    def resolve(self, context: Context) -> Resolution:
        """Use the declared digests; fetch nothing."""
        return Resolution([_entry(declared) for declared in declared_artifacts(context, FileArtifact)])

    def build(self, entry: Entry, context: Context) -> Output:
        """Fetch the file, and refuse one with another digest."""
        declared = find_declared(context, FileArtifact, entry.id)
        with context.cache.scratch() as scratch:
            _fetch(declared, scratch / "file")
            sha256 = digest.of_file(scratch / "file")
            if sha256 != declared.artifact.sha256:
                fact = f"has the digest {sha256}, not {declared.artifact.sha256}"
                raise BedplateError(
                    f"file {declared.artifact.url}", fact, "find out what changed, then fix sha256: or url:"
                )
            return context.cache.add(scratch / "file", move=True)

    def current_recipe(self, entry: Entry, context: Context) -> str:
        """Return the declared digest."""
        return find_declared(context, FileArtifact, entry.id).artifact.sha256

    def read_contents(self, blob: Path, ecosystems: Iterable[Ecosystem]) -> None:
        """Return None: a single file is not searched for packages."""


def _entry(declared: DeclaredArtifact[FileArtifact]) -> Entry:
    pin = {"url": declared.artifact.url, "sha256": declared.artifact.sha256}
    return Entry(id=declared.id, kind="file", pin=pin, recipe=declared.artifact.sha256, component=declared.component)


def _fetch(declared: DeclaredArtifact[FileArtifact], target: Path) -> None:
    if "://" not in declared.artifact.url:
        shutil.copyfile(declared.local(declared.artifact.url), target)
        return
    import urllib.error  # noqa: PLC0415  as below
    import urllib.request  # noqa: PLC0415  16 ms of every command that renders, and none of them fetches a file

    try:
        with urllib.request.urlopen(declared.artifact.url, timeout=TIMEOUT) as answer, target.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
    except urllib.error.URLError as error:
        hint = "check the network; component.yaml may name any mirror of the same file"
        raise BedplateError(f"file {declared.artifact.url}", f"cannot be fetched: {error.reason}", hint) from error


SOURCE_KIND = FileSource()
