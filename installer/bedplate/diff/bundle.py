"""A side that is a bundle: its release, rendered for the reference site by the manifests that it carries."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from bedplate import catalog, document, place
from bedplate.bundle import layout
from bedplate.bundle.layout import ReleaseFile
from bedplate.bundle.reference_site import reference_site
from bedplate.diff import environment
from bedplate.diff.side import Side
from bedplate.diff.unpacked import unpacked
from bedplate.errors import InputError, Place


def read(spec: str, folder: Path) -> Side:
    """Return the side of a bundle's folder; nothing of it is run, and its signature is not looked at."""
    file = _release_file(folder)
    with place.using(_tree(folder, file)):
        release = catalog.load(file.release.partition("+")[0])
        site = reference_site(release.release.version, [])
        return environment.of_site(spec, site, release, file, lambda sha256: folder / layout.blob(sha256))


def _release_file(folder: Path) -> ReleaseFile:
    path = folder / layout.RELEASE
    try:
        return ReleaseFile.model_validate_json(path.read_bytes())
    except (ValidationError, OSError) as error:
        fact = f"cannot be read: {str(error).splitlines()[0]}"
        raise InputError("bundle", fact, "bedplate bundle verify", Place(document.shown(path))) from error


def _tree(folder: Path, file: ReleaseFile) -> Path:
    """Return the installer's tree, which holds manifests, roles and releases."""
    path = folder / layout.blob(file.installer)
    if not path.is_file():
        raise InputError("bundle", "lacks the blob of its installer", "bedplate bundle verify", Place(str(path)))
    return unpacked(file.installer, path.read_bytes)
