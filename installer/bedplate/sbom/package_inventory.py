"""The packages in each artifact of a release, read once per blob and kept in the cache."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import ecosystems, source_kinds
from bedplate.artifacts.package import Contents, Package
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core import digest

FORM = 2
"""Part of every key in the cache: raise it when blobs are read in another way."""


@dataclass(frozen=True, slots=True)
class PackageInventory:
    """What is in the artifacts of a release.

    Attributes:
        packages: the packages of each artifact, by its id, sorted.
    """

    packages: dict[str, tuple[Package, ...]]

    @property
    def everything(self) -> list[Package]:
        """Return every package of the release once."""
        unique = {package.key: package for packages in self.packages.values() for package in packages}
        return [package for _, package in sorted(unique.items())]


def read_inventory(release: ReleaseFile, cache: Cache, known: Iterable[Package] = ()) -> PackageInventory:
    """Return the packages of all artifacts.

    Args:
        release: names the artifacts.
        cache: has their blobs.
        known: packages about which more is known than their metadata says.
    """
    blobs = {a.id: _blobs(a, cache) for a in release.artifacts}
    kinds = {blob: artifact.kind for artifact in release.artifacts for blob in blobs[artifact.id]}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        contents = dict(zip(kinds, pool.map(lambda blob: _read(blob, kinds[blob], cache), kinds), strict=True))
    files = {package.key: package for package in known} | {
        package.key: package.model_copy(update={"sha256": artifact.sha256})
        for artifact in release.artifacts
        if source_kinds()[artifact.kind].is_package
        for package in contents[artifact.sha256].packages
    }
    merged = {a.id: _merge((contents[blob] for blob in blobs[a.id]), files) for a in release.artifacts}
    return PackageInventory(merged)


def _blobs(artifact: BundledArtifact, cache: Cache) -> list[str]:
    """Return the blobs that hold an artifact's files, an image's layers from bottom to top."""
    return source_kinds()[artifact.kind].content_blobs(cache.blob(artifact.sha256))


def _read(blob: str, kind: str, cache: Cache) -> Contents:
    key = digest.of({"contents": FORM, "kind": kind, "of": blob})
    if known := cache.recall(key):
        return Contents.model_validate_json(cache.blob(known.sha256).read_bytes())
    contents = source_kinds()[kind].read_contents(cache.blob(blob), ecosystems().values())
    if contents is None:
        return Contents()
    cache.remember(key, cache.add_bytes(digest.canonical(contents.model_dump(mode="json"))))
    return contents


def _merge(parts: Iterable[Contents], files: dict[tuple[str, str, str], Package]) -> tuple[Package, ...]:
    """Return the packages of all parts; one whose file is in the release gets licence and digest from there."""
    packages: dict[tuple[str, str, str], Package] = {}
    installed: list[Package] = []
    for part in parts:
        packages |= {package.key: package for package in part.packages}
        installed = part.installed if part.installed is not None else installed
    packages |= {package.key: package for package in installed}
    return tuple(_with(files.get(key), package) for key, package in sorted(packages.items()))


def _with(file: Package | None, package: Package) -> Package:
    """Return a package, completed from its file or its lock where its own metadata is silent."""
    said = {name: value for name, value in package if value}
    return file.model_copy(update=said) if file else package
