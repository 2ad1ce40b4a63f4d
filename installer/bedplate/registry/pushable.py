"""What can be pushed: the images of a bundle that was verified, or of a bastion's store."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core import oci
from bedplate.core.errors import BedplateError
from bedplate.images.image_name import split_image
from bedplate.images.mirror_names import mirror_repository
from bedplate.registry.upload import LocalBlob


@dataclass(frozen=True, slots=True)
class PushableManifest:
    """A manifest, or an index of manifests, in one repository."""

    repository: str
    sha256: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PushableImages:
    """All that a push has to bring about.

    Attributes:
        blobs: each blob with the repositories that need it, the largest first.
        manifests: in an order in which each comes after those that it names.
        tags: repository and tag to the manifest that it names.
    """

    blobs: list[tuple[LocalBlob, tuple[str, ...]]]
    manifests: list[PushableManifest]
    tags: dict[tuple[str, str], PushableManifest]

    @property
    def size(self) -> int:
        """Return the size of all blobs, each counted once."""
        return sum(blob.size for blob, _ in self.blobs)


def pushable_images(releases: Iterable[ReleaseFile], folder: Path, prefix: str = "") -> PushableImages:
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
    return PushableImages(
        sorted(blobs, key=lambda one: (-one[0].size, one[0].sha256)), list(found.manifests.values()), tags
    )


@dataclass(slots=True)
class _Found:
    """What was found by following manifests."""

    folder: Path
    manifests: dict[tuple[str, str], PushableManifest] = field(default_factory=dict)
    blobs: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, repository: str, sha256: str) -> PushableManifest:
        """Take in a manifest with everything below it; returns it."""
        if (repository, sha256) not in self.manifests:
            content = self.blob(sha256).path.read_bytes()
            if hashlib.sha256(content).hexdigest() != sha256:
                fact = f"in {self.folder} does not match its digest"
                raise BedplateError(f"manifest {sha256}", fact, "copy the bundle from its source again")
            manifest = oci.parse(content)
            for child in manifest.manifests:
                self.add(repository, child.sha256)
            for part in manifest.blobs:
                self.blobs.setdefault(part.sha256, {})[repository] = None
            self.manifests[repository, sha256] = PushableManifest(repository, sha256, manifest.media_type, content)
        return self.manifests[repository, sha256]

    def blob(self, sha256: str) -> LocalBlob:
        """Return a blob of the folder; BedplateError where it is not there."""
        path = self.folder / bundle_layout.blob_path(sha256)
        try:
            return LocalBlob(sha256, path, path.stat().st_size)
        except FileNotFoundError as error:
            raise BedplateError(
                f"blob {sha256}", f"is missing from {self.folder}", "copy the bundle from its source again"
            ) from error
