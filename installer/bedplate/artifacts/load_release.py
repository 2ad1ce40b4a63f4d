"""Load a release and its components from the source trees they are in."""

from __future__ import annotations

from pathlib import Path

from bedplate import distributions
from bedplate.artifacts import kinds
from bedplate.config.catalog import Catalog
from bedplate.config.component import Component
from bedplate.config.release import Platform, Release
from bedplate.config.yaml_model import read_yaml
from bedplate.core import paths
from bedplate.core.errors import InputError, SourceLocation
from bedplate.distributions.find_distribution import find_distribution


def load_release(version: str) -> Catalog:
    """Return a release by its version, or by the path of its folder; raise InputError if a file is wrong."""
    kinds.load_declarations()
    folder = _release_folder(version)
    release = read_yaml(folder / "release.yaml", Release, {})
    _check_platform(release.platform, SourceLocation(str(folder / "release.yaml")))
    folders = {name: _component_folder(name, folder) for name in release.components}
    components = {
        name: read_yaml(folders[name] / "component.yaml", Component, {"version": release.components[name]})
        for name in release.components
    }
    return Catalog(release, folder, components, folders)


def _check_platform(platform: Platform, location: SourceLocation) -> None:
    suites = find_distribution(platform.distribution, location).suites
    if platform.suite not in suites:
        hint = f"platform.suite in release.yaml is one of: {', '.join(suites)}"
        raise InputError(f"suite {platform.suite}", f"is not known in {platform.distribution}", hint, location)


def _release_folder(version: str) -> Path:
    # A version never means a folder of that name in the working directory.
    is_path = "/" in version or version in {".", ".."}
    candidates = [Path(version)] if is_path else [tree / "releases" / version for tree in paths.search_path()]
    for folder in candidates:
        if (folder / "release.yaml").is_file():
            return folder.resolve()
    raise InputError(
        f"release {version}",
        "was not found in releases/",
        "list the releases with `ls releases`; BEDPLATE_TREES names other source trees",
    )


def _component_folder(name: str, release: Path) -> Path:
    """Return a component's folder in manifests/. What a bare host has is in the folder of its distribution."""
    folders = [tree / "manifests" for tree in paths.search_path()]
    folders += [tree / paths.DISTRIBUTIONS for tree in paths.search_path()]
    folders += map(Path, distributions.__path__)
    for folder in folders:
        if (folder / name / "component.yaml").is_file():
            return folder / name
    where = SourceLocation(str(release / "release.yaml"))
    raise InputError(f"component {name}", "has no manifests folder", f"write manifests/{name}/component.yaml", where)
