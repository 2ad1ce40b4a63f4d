"""The mirror's registry on disk: the directory tree of the distribution registry, as hard links to the store's blobs.

Layout: https://github.com/distribution/distribution/blob/v3.0.0/registry/storage/paths.go. The
registry serves it read-only; nothing is ever pushed. Repository = <upstream host[_port]>/<repository>.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core import oci
from bedplate.core.file_tree import BlobLink, TreeFile
from bedplate.images.image_name import split_image
from bedplate.images.mirror_names import mirror_repository

ROOT = "docker/registry/v2"


def registry_tree(releases: Iterable[ReleaseFile], blobs: Path) -> dict[str, TreeFile]:
    """Return the registry's whole tree for the images of some releases; of two equal tags the last one stays."""
    tree: dict[str, TreeFile] = {}
    for artifact in (a for release in releases for a in release.artifacts if a.kind == "image"):
        tree.update(_image_tree(artifact, blobs))
    return tree


def _image_tree(artifact: BundledArtifact, blobs: Path) -> dict[str, TreeFile]:
    parts = [part.sha256 for part in oci.read(blobs / artifact.sha256).blobs]
    repository = f"{ROOT}/repositories/{mirror_repository(artifact.image)}"
    manifests, tag = f"{repository}/_manifests", split_image(artifact.image)[2]
    link = oci.digest(artifact.sha256).encode()
    return {
        **{f"{ROOT}/blobs/sha256/{sha[:2]}/{sha}/data": BlobLink(sha) for sha in (artifact.sha256, *parts)},
        **{f"{repository}/_layers/sha256/{sha}/link": oci.digest(sha).encode() for sha in parts},
        f"{manifests}/revisions/sha256/{artifact.sha256}/link": link,
        f"{manifests}/tags/{tag}/current/link": link,
        f"{manifests}/tags/{tag}/index/sha256/{artifact.sha256}/link": link,
    }
