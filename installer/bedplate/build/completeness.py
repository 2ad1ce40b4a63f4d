"""Prove that a bundle is complete: it has every image that a release names and all that its packages depend on."""

from __future__ import annotations

import time
from collections.abc import Iterator

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.host_packages import host_packages
from bedplate.artifacts.kinds import source_kinds
from bedplate.build.image_completeness import check_images
from bedplate.build.proof.ansible_collections import check_collections
from bedplate.build.proof.clean_root import prove_installation
from bedplate.build.proof.named_images import named_images
from bedplate.build.proof.pulumi_plugins import check_plugins
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.core import paths
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.core.reporter import Reporter
from bedplate.distributions.find_distribution import find_distribution
from bedplate.render.objects import image_digests


def prove_complete(catalog: Catalog, release: ReleaseFile, cache: Cache) -> int:
    """Return the number of image references that were checked; raise ErrorList with what is not in the bundle.

    Args:
        catalog: the release.
        release: what the bundle holds.
        cache: has every artifact of it.
    """
    images = named_images(catalog, release)
    bundled = [f"{name}@sha256:{digest}" for name, digest in image_digests(release).items()]
    errors = check_images(images, bundled, catalog.components.values())
    errors += check_dependencies(catalog, release, cache)
    if errors:
        raise ErrorList(errors)
    return len(images)


def check_dependencies(catalog: Catalog, release: ReleaseFile, cache: Cache) -> list[BedplateError]:
    """Return an error for each dependency of a package that the bundle lacks."""
    blobs = cache.root / "blobs/sha256"
    exceptions = [allowed for component in catalog.components.values() for allowed in component.allow]

    def checks() -> Iterator[list[BedplateError]]:
        for name, kind in source_kinds().items():
            allowed = {getattr(exception, name, "") for exception in exceptions}
            yield kind.check_dependencies(release, blobs, catalog.folder, allowed)
        yield check_collections(paths.source_tree() / "roles")
        yield check_plugins(release, blobs)

    return [error for errors in checks() for error in errors]


def prove_installed(catalog: Catalog, release: ReleaseFile, cache: Cache, reporter: Reporter) -> None:
    """Install the hosts' packages in a clean root; raise ErrorList with what prevents it.

    Args:
        catalog: the release.
        release: what the bundle holds.
        cache: has every artifact of it.
        reporter: shows how long it took.
    """
    distribution, started = find_distribution(catalog.release.platform.distribution), time.monotonic()
    packages = host_packages(catalog.components.values(), distribution)
    if prove_installation(release, packages, cache):
        reporter.note(f"{len(packages)} host packages installed in a clean root, {time.monotonic() - started:.0f} s")
