"""The mirror's registry: the directory tree of the distribution registry, as hard links to blobs.

Layout: https://github.com/distribution/distribution/blob/v3.0.0/registry/storage/paths.go. The
registry serves it read-only; nothing is ever pushed. Repository = <upstream host[_port]>/<repository>.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from bedplate.core.file_tree import Linked, Node

if TYPE_CHECKING:  # names of images are split where pydantic's models are not needed, and take 0.2 s to load
    from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile

REGISTRY = "docker/registry/v2"
DEFAULT_HOST = "docker.io"


def split_image(image: str) -> tuple[str, str, str]:
    """Return host, repository and tag of an image's full name, with the defaults that containerd fills in."""
    name, _, tag = image.partition("@")[0].rpartition(":") if re.search(r":[^/]+$", image) else (image, "", "latest")
    host, slash, repository = name.partition("/")
    if not slash or not ("." in host or ":" in host or host == "localhost"):
        host, repository = DEFAULT_HOST, name
    if host == DEFAULT_HOST and "/" not in repository:
        repository = f"library/{repository}"
    return host, repository, tag


def mirror_repository(image: str) -> str:
    """Return the repository in the mirror that holds an image."""
    host, repository, _ = split_image(image)
    return f"{host.replace(':', '_')}/{repository}"


def registry_hosts(releases: Iterable[ReleaseFile]) -> list[str]:
    """Return the upstream hosts whose images the mirror holds, sorted."""
    return sorted({split_image(a.image)[0] for release in releases for a in release.artifacts if a.image})


def registry_tree(releases: Iterable[ReleaseFile], blobs: Path) -> dict[str, Node]:
    """Return the registry's whole tree for the images of some releases; of two equal tags the last one stays."""
    tree: dict[str, Node] = {}
    for artifact in (a for release in releases for a in release.artifacts if a.kind == "image"):
        tree.update(_image(artifact, blobs))
    return tree


def _image(artifact: BundledArtifact, blobs: Path) -> dict[str, Node]:
    manifest = json.loads((blobs / artifact.sha256).read_bytes())
    parts = [item["digest"].removeprefix("sha256:") for item in (manifest["config"], *manifest["layers"])]
    repository = f"{REGISTRY}/repositories/{mirror_repository(artifact.image)}"
    manifests, tag = f"{repository}/_manifests", split_image(artifact.image)[2]
    named = f"sha256:{artifact.sha256}".encode()
    return {
        **{f"{REGISTRY}/blobs/sha256/{sha[:2]}/{sha}/data": Linked(sha) for sha in (artifact.sha256, *parts)},
        **{f"{repository}/_layers/sha256/{sha}/link": f"sha256:{sha}".encode() for sha in parts},
        f"{manifests}/revisions/sha256/{artifact.sha256}/link": named,
        f"{manifests}/tags/{tag}/current/link": named,
        f"{manifests}/tags/{tag}/index/sha256/{artifact.sha256}/link": named,
    }
