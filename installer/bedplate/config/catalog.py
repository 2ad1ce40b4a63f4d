"""Releases and components, loaded from the trees they live in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from bedplate.config.component import Component
from bedplate.config.release import Release
from bedplate.config.release_lock import Lock
from bedplate.core import paths
from bedplate.core.errors import InputError, SourceLocation

M = TypeVar("M", Release, Component)


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
        """Return the release's lock; InputError where it was never made."""
        path = self.folder / "release.lock"
        if not path.exists():
            raise InputError(
                f"release {self.release.version}", "has no lock", "bedplate lock", SourceLocation(str(path))
            )
        return Lock.model_validate_json(path.read_bytes())


def load(version: str) -> Catalog:
    """Return a release by its version, or by the path of its folder; InputError names what is wrong."""
    folder = _release_folder(version)
    release = _parse(folder / "release.yaml", Release, {})
    folders = {name: _component_folder(name, folder) for name in release.components}
    components = {
        name: _parse(folders[name] / "component.yaml", Component, {"version": release.components[name]})
        for name in release.components
    }
    return Catalog(release, folder, components, folders)


def newest(*, drafts: bool = False) -> str:
    """Return the newest release's version among the trees; calendar versions sort by their numbers.

    Args:
        drafts: also consider releases that are being prepared; they count anyway if there is no other release.
    """
    trees = reversed(paths.search_path())  # the first tree that has a version wins
    files = {file.parent.name: file for tree in trees for file in tree.glob("releases/*/release.yaml")}
    if not files:
        raise InputError("releases/", "has no release", "write releases/VERSION/release.yaml")
    finished = [] if drafts else [version for version, file in files.items() if not _parse(file, Release, {}).draft]
    return max(finished or files, key=lambda version: [int(part) for part in re.findall(r"[0-9]+", version)])


def _release_folder(version: str) -> Path:
    candidates = [Path(version), *(tree / "releases" / version for tree in paths.search_path())]
    for folder in candidates:
        if (folder / "release.yaml").is_file():
            return folder.resolve()
    raise InputError(f"release {version}", "is in no tree", "look in releases/, or set BEDPLATE_TREES")


def _component_folder(name: str, release: Path) -> Path:
    for tree in paths.search_path():
        if (tree / "manifests" / name / "component.yaml").is_file():
            return tree / "manifests" / name
    where = SourceLocation(str(release / "release.yaml"))
    raise InputError(f"component {name}", "has no manifests folder", f"write manifests/{name}/component.yaml", where)


def _parse(path: Path, model: type[M], values: dict[str, str]) -> M:
    """Read a YAML file into a model, with ``{key}`` replaced by its value in every string."""
    try:
        data = _fill(yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader), values)
        given = model.model_validate({**data, **values})
        return model.model_validate(_fill(given.model_dump(), values))  # defaults name the version too
    except (yaml.YAMLError, ValidationError) as error:
        lines = str(error).splitlines()
        raise InputError(
            path.parent.name, " ".join(line.strip() for line in lines[:4]), "", SourceLocation(str(path))
        ) from error


def _fill(value: Any, values: dict[str, str]) -> Any:
    match value:
        case str():
            for key, text in values.items():
                value = value.replace("{" + key + "}", text)
            return value
        case list():
            return [_fill(item, values) for item in value]
        case dict():
            return {key: _fill(item, values) for key, item in value.items()}
        case _:
            return value
