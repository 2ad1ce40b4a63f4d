"""Contents and image digests of a release, from its installed bundle if there is one, otherwise from its lock."""

from __future__ import annotations

from bedplate.config.bundle_layout import RELEASE, ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.core import paths
from bedplate.core.errors import InputError
from bedplate.render.objects import image_digests


def stored_release_file(catalog: Catalog) -> ReleaseFile | None:
    """Return release.json of the bundle in this machine's store; None if it is not installed."""
    path = paths.STORE / "releases" / catalog.release.version / RELEASE
    return ReleaseFile.model_validate_json(path.read_bytes()) if path.is_file() else None


def known_release_file(catalog: Catalog) -> ReleaseFile:
    """Return release.json of the installed bundle, otherwise what the lock knows; InputError if there is no lock."""
    from bedplate.artifacts.release_contents import locked_release_file  # noqa: PLC0415  loads all that builds need

    return stored_release_file(catalog) or locked_release_file(catalog, catalog.lock())


def known_digests(catalog: Catalog) -> dict[str, str]:
    """Return the manifest digest of each image ``name:tag``: from the installed bundle, the lock, or none at all."""
    if file := stored_release_file(catalog):
        return image_digests(file)
    try:
        return image_digests(catalog.lock())
    except InputError:
        return {}
