"""Single files, by URL and digest, or from the component's own folder."""

from __future__ import annotations

import shutil
import urllib.request
from pathlib import Path
from urllib.error import URLError

from bedplate.artifacts.declared import DeclaredArtifact, declared_artifacts
from bedplate.artifacts.file.file_artifact import FileArtifact
from bedplate.artifacts.source import Context, Resolution
from bedplate.config.release_lock import Entry, Output
from bedplate.core import digest
from bedplate.core.errors import BedplateError

TIMEOUT = 60


class FileSource:
    """The source of kind `file`; an artifact is the file itself."""

    def resolve(self, context: Context) -> Resolution:
        """Take the declared digests; nothing is fetched."""
        return Resolution([_entry(one) for one in declared_artifacts(context, FileArtifact)])

    def build(self, entry: Entry, context: Context) -> Output:
        """Fetch the file, and refuse one that has another digest."""
        one = next(d for d in declared_artifacts(context, FileArtifact) if d.id == entry.id)
        with context.cache.scratch() as scratch:
            _fetch(one, scratch / "file")
            found = digest.of_file(scratch / "file")
            if found != one.artifact.sha256:
                raise BedplateError(f"file {one.artifact.url}", f"has digest {found}, not {one.artifact.sha256}")
            return context.cache.add(scratch / "file", move=True)


def _entry(one: DeclaredArtifact[FileArtifact]) -> Entry:
    pin = {"url": one.artifact.url, "sha256": one.artifact.sha256}
    return Entry(id=one.id, kind="file", pin=pin, recipe=one.artifact.sha256, component=one.component)


def _fetch(one: DeclaredArtifact[FileArtifact], target: Path) -> None:
    if "://" not in one.artifact.url:
        shutil.copyfile(one.local(one.artifact.url), target)
        return
    try:
        with urllib.request.urlopen(one.artifact.url, timeout=TIMEOUT) as answer, target.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
    except URLError as error:
        raise BedplateError(f"file {one.artifact.url}", f"cannot be had: {error.reason}") from error
