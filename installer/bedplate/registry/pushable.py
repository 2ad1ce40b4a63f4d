"""What can be pushed: the images of a bundle that was verified, or of a bastion's store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import BedplateError
from bedplate.images.registry_tree import mirror_repository, split_image
from bedplate.registry.upload import Blob

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
"""What a manifest is that does not say its type."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest, or an index of manifests, in one repository."""

    repository: str
    sha256: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Holding:
    """All that a push has to bring about.

    Attributes:
        blobs: each blob with the repositories that need it, the largest first.
        manifests: in an order in which each comes after those that it names.
        tags: repository and tag to the manifest that it names.
    """

    blobs: list[tuple[Blob, tuple[str, ...]]]
    manifests: list[Manifest]
    tags: dict[tuple[str, str], Manifest]

    @property
    def size(self) -> int:
        """Return the size of all blobs, each counted once."""
        return sum(blob.size for blob, _ in self.blobs)


def holding(releases: Iterable[ReleaseFile], folder: Path, prefix: str = "") -> Holding:
    """Return what some releases come to; of two equal tags the later release's stays.

    Names are kept: <prefix>/<upstream host[_port]>/<repository>:<tag>.

    Args:
        releases: the oldest first.
        folder: where their blobs are: a bundle or a store.
        prefix: what all repositories' names begin with, without a slash at its end.
    """
    found = _Found(folder)
    tags = {}
    for artifact in (a for release in releases for a in release.artifacts if a.kind == "image"):
        name = mirror_repository(artifact.image)
        repository = f"{prefix}/{name}" if prefix else name
        tags[repository, split_image(artifact.image)[2]] = found.add(repository, artifact.sha256)
    blobs = [(found.blob(sha256), tuple(where)) for sha256, where in found.blobs.items()]
    return Holding(sorted(blobs, key=lambda one: (-one[0].size, one[0].sha256)), list(found.manifests.values()), tags)


@dataclass(slots=True)
class _Found:
    """What was found by following manifests."""

    folder: Path
    manifests: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    blobs: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, repository: str, sha256: str) -> Manifest:
        """Take in a manifest with everything below it; returns it."""
        if (repository, sha256) not in self.manifests:
            content = self.blob(sha256).path.read_bytes()
            if hashlib.sha256(content).hexdigest() != sha256:
                fact = f"in {self.folder} has another content than its name says"
                raise BedplateError(f"manifest {sha256}", fact, "carry the bundle in again")
            parsed: dict[str, Any] = json.loads(content)
            for child in parsed.get("manifests", []):
                self.add(repository, _digest(child))
            for part in _parts(parsed):
                self.blobs.setdefault(part, {})[repository] = None
            kind = parsed.get("mediaType", MANIFEST_TYPE)
            self.manifests[repository, sha256] = Manifest(repository, sha256, kind, content)
        return self.manifests[repository, sha256]

    def blob(self, sha256: str) -> Blob:
        """Return a blob of the folder; BedplateError where it is not there."""
        path = self.folder / bundle_layout.blob(sha256)
        try:
            return Blob(sha256, path, path.stat().st_size)
        except FileNotFoundError as error:
            raise BedplateError(
                f"blob {sha256}", f"is missing from {self.folder}", "carry the bundle in again"
            ) from error


def _parts(manifest: dict[str, Any]) -> Iterator[str]:
    if "config" in manifest:
        yield from (_digest(part) for part in (manifest["config"], *manifest.get("layers", [])))


def _digest(descriptor: dict[str, str]) -> str:
    return descriptor["digest"].removeprefix("sha256:")
