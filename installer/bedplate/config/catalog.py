"""A release with its components, and the list of existing releases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from bedplate.config.component import Component
from bedplate.config.release import Release
from bedplate.config.release_lock import Lock
from bedplate.config.yaml_model import read_yaml
from bedplate.core import paths
from bedplate.core.errors import InputError, SourceLocation


@dataclass(frozen=True, slots=True)
class Catalog:
    """One release with its components.

    Attributes:
        release: the file release.yaml.
        folder: releases/<version>/.
        components: by name, versions filled in, in the order of release.yaml.
        folders: manifests/<component>/ of each.
    """

    release: Release
    folder: Path
    components: dict[str, Component]
    folders: dict[str, Path]

    def lock(self) -> Lock:
        """Return the release's lock; raise InputError if there is none."""
        path = self.folder / "release.lock"
        if not path.exists():
            raise InputError(
                f"release {self.release.version}",
                "has no lock",
                "create it with `bedplate lock`",
                SourceLocation(str(path)),
            )
        return Lock.model_validate_json(path.read_bytes())


def newest(*, drafts: bool = False) -> str:
    """Return the version of the newest release in the search path; versions sort by their numbers.

    Args:
        drafts: also consider drafts, which are in preparation; they are considered anyway if there is no other release.
    """
    trees = reversed(paths.search_path())  # the first tree that has a version wins
    files = {file.parent.name: file for tree in trees for file in tree.glob("releases/*/release.yaml")}
    if not files:
        raise InputError("releases/", "has no release", "create releases/VERSION/release.yaml")
    finished = [] if drafts else [version for version, file in files.items() if not read_yaml(file, Release, {}).draft]
    return max(finished or files, key=version_key)


def version_key(version: str) -> list[int]:
    """Return what releases' versions are compared by: their numbers."""
    return [int(part) for part in re.findall(r"[0-9]+", version)]
