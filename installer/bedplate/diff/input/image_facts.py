"""Sizes of images, read from their manifests in a store, a bundle or the build cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.config.bundle_layout import ReleaseFile, blob_path
from bedplate.core import oci, paths
from bedplate.kube.snapshot import ImageFacts

FindBlob = Callable[[str], Path]


def facts_of_release(release: ReleaseFile, blob: FindBlob) -> dict[str, ImageFacts]:
    """Return the facts of every image of a release by ``name:tag``, without sizes if its manifest is not here."""
    return {one.image: _facts(one.sha256, blob) for one in release.artifacts if one.image}


def carried_blobs(release: ReleaseFile, images: Mapping[str, ImageFacts]) -> dict[str, int]:
    """Return digest to size of everything in a release's bundle; nothing if the size of one image is unknown."""
    if not all(facts.blobs for facts in images.values()):
        return {}
    others = {oci.digest(one.sha256): one.size for one in release.artifacts if not one.image and one.sha256}
    return others | {digest: size for facts in images.values() for digest, size in facts.blobs.items()}


def in_store_or_cache(sha256: str) -> Path:
    """Return the path of a blob on this machine, if it is here: in the bastion's store, else in the build cache."""
    stored = paths.STORE / blob_path(sha256)
    return stored if stored.is_file() else Cache().blob(sha256)


def _facts(sha256: str, blob: FindBlob) -> ImageFacts:
    if not sha256:
        return ImageFacts()
    path = blob(sha256)
    if not path.is_file():
        return ImageFacts(oci.digest(sha256))
    content = path.read_bytes()
    parts = {oci.digest(part.sha256): part.size for part in oci.parse(content).blobs}
    return ImageFacts(oci.digest(sha256), {oci.digest(sha256): len(content), **parts})
