"""Single files, by URL and digest, or from the component's own folder."""

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
        """Take the declared digests; nothing is fetched."""
        return Resolution([_entry(one) for one in declared_artifacts(context, FileArtifact)])

    def build(self, entry: Entry, context: Context) -> Output:
        """Fetch the file, and refuse one that has another digest."""
        one = find_declared(context, FileArtifact, entry.id)
        with context.cache.scratch() as scratch:
            _fetch(one, scratch / "file")
            found = digest.of_file(scratch / "file")
            if found != one.artifact.sha256:
                raise BedplateError(f"file {one.artifact.url}", f"has digest {found}, not {one.artifact.sha256}")
            return context.cache.add(scratch / "file", move=True)

    def current_recipe(self, entry: Entry, context: Context) -> str:
        """Return the declared digest, which decides all."""
        return find_declared(context, FileArtifact, entry.id).artifact.sha256

    def read_contents(self, blob: Path, ecosystems: Iterable[Ecosystem]) -> None:
        """Return None: no package is looked for in a single file."""


def _entry(one: DeclaredArtifact[FileArtifact]) -> Entry:
    pin = {"url": one.artifact.url, "sha256": one.artifact.sha256}
    return Entry(id=one.id, kind="file", pin=pin, recipe=one.artifact.sha256, component=one.component)


def _fetch(one: DeclaredArtifact[FileArtifact], target: Path) -> None:
    if "://" not in one.artifact.url:
        shutil.copyfile(one.local(one.artifact.url), target)
        return
    import urllib.error  # noqa: PLC0415  as below
    import urllib.request  # noqa: PLC0415  16 ms of every command that renders, and none of them fetches a file

    try:
        with urllib.request.urlopen(one.artifact.url, timeout=TIMEOUT) as answer, target.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
    except urllib.error.URLError as error:
        hint = "check the network; any mirror of the same content will do in component.yaml"
        raise BedplateError(f"file {one.artifact.url}", f"cannot be fetched: {error.reason}", hint) from error


SOURCE_KIND = FileSource()
