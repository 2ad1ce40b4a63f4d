"""The snapshot of a bundle: its release, rendered for the reference site with the bundle's own manifests."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from bedplate.artifacts.load_release import load_release
from bedplate.config import bundle_layout, yaml_document
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core import paths
from bedplate.core.errors import InputError, SourceLocation
from bedplate.diff.input import environment_snapshot
from bedplate.diff.input.unpacked_trees import unpacked
from bedplate.kube.snapshot import Snapshot
from bedplate.render.reference_site import reference_site


def read(spec: str, folder: Path) -> Snapshot:
    """Return the snapshot of a bundle's folder. Nothing in it is run, and its signature is not checked."""
    file = _release_file(folder)
    with paths.use_tree(_tree(folder, file)):
        release = load_release(file.release.partition("+")[0])
        site = reference_site(release.release.version, [])
        return environment_snapshot.of_site(
            spec, site, release, file, lambda sha256: folder / bundle_layout.blob_path(sha256)
        )


def _release_file(folder: Path) -> ReleaseFile:
    path = folder / bundle_layout.RELEASE
    try:
        return ReleaseFile.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        fact = f"cannot be read: {str(error).splitlines()[0]}"
        raise InputError(
            "bundle", fact, "run `bedplate bundle verify`", SourceLocation(yaml_document.display_path(path))
        ) from error


def _tree(folder: Path, file: ReleaseFile) -> Path:
    """Return the installer's tree, which contains manifests, roles and releases."""
    path = folder / bundle_layout.blob_path(file.installer)
    if not path.is_file():
        raise InputError(
            "bundle", "lacks the blob of its installer", "run `bedplate bundle verify`", SourceLocation(str(path))
        )
    return unpacked(file.installer, path.read_bytes)
