"""What a release has locked, as it is known on this machine: out of an installed bundle, or out of the lock."""

from __future__ import annotations

from bedplate.config.bundle_layout import RELEASE, ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.core import paths
from bedplate.core.errors import InputError
from bedplate.render.objects import image_digests


def release_file(catalog: Catalog) -> ReleaseFile | None:
    """Return the release file of the bundle in this machine's store, None where it was never installed."""
    path = paths.STORE / "releases" / catalog.release.version / RELEASE
    return ReleaseFile.model_validate_json(path.read_bytes()) if path.is_file() else None


def known_release_file(catalog: Catalog) -> ReleaseFile:
    """Return the release file of the store's bundle, else what the lock tells of it; InputError without a lock."""
    from bedplate.artifacts.release_contents import locked_release_file  # noqa: PLC0415  it loads what builds need

    return release_file(catalog) or locked_release_file(catalog, catalog.lock())


def digests(catalog: Catalog) -> dict[str, str]:
    """Return image ``name:tag`` to manifest digest: as the store's bundle says, else the lock, else nothing."""
    if file := release_file(catalog):
        return image_digests(file)
    try:
        return image_digests(catalog.lock())
    except InputError:
        return {}
