"""The images that a push consists of: those of a verified bundle, or of a bastion's store."""

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
    """All blobs, manifests and tags of a push.

    Attributes:
        blobs: each blob with the repositories that need it, the largest first.
        manifests: each manifest after those that it names.
        tags: manifests by repository and tag.
    """

    blobs: list[tuple[LocalBlob, tuple[str, ...]]]
    manifests: list[PushableManifest]
    tags: dict[tuple[str, str], PushableManifest]

    @property
    def size(self) -> int:
        """Return the size of all blobs, each counted once."""
        return sum(blob.size for blob, _ in self.blobs)


def pushable_images(releases: Iterable[ReleaseFile], folder: Path, prefix: str = "") -> PushableImages:
    """Return the images of some releases; if two have the same tag, the later release wins.

    Names are kept: <prefix>/<upstream host[_port]>/<repository>:<tag>.

    Args:
        releases: the oldest first.
        folder: the bundle or store with their blobs.
        prefix: the path that all repositories go below, without a final slash.
    """
    collector = _Collector(folder)
    tags = {}
    for artifact in (a for release in releases for a in release.artifacts if a.kind == "image"):
        name = mirror_repository(artifact.image)
        repository = f"{prefix}/{name}" if prefix else name
        tags[repository, split_image(artifact.image)[2]] = collector.add(repository, artifact.sha256)
    blobs = [(collector.blob(sha256), tuple(where)) for sha256, where in collector.blobs.items()]
    return PushableImages(
        sorted(blobs, key=lambda wanted: (-wanted[0].size, wanted[0].sha256)), list(collector.manifests.values()), tags
    )


@dataclass(slots=True)
class _Collector:
    """Collects manifests and blobs by following manifests."""

    folder: Path
    manifests: dict[tuple[str, str], PushableManifest] = field(default_factory=dict)
    blobs: dict[str, dict[str, None]] = field(default_factory=dict)

    def add(self, repository: str, sha256: str) -> PushableManifest:
        """Add a manifest with everything that it names, and return it."""
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
        """Return a blob of the folder; BedplateError if it is missing."""
        path = self.folder / bundle_layout.blob_path(sha256)
        try:
            return LocalBlob(sha256, path, path.stat().st_size)
        except FileNotFoundError as error:
            raise BedplateError(
                f"blob {sha256}", f"is missing from {self.folder}", "copy the bundle from its source again"
            ) from error
