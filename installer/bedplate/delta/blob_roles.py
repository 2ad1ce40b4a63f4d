"""The role of each blob in a release, in words that stay the same from release to release.

`deb:nginx-light`, `go:etcd`, `layer 2 of quay.io/jupyter/notebook`: by its role, a new blob finds the older one that
it replaces.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bedplate.artifacts.kinds import source_kinds
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core import oci

INSTALLER, REST = "installer", "rest"


def blob_roles(release: ReleaseFile, blobs: Mapping[str, int], read: Callable[[str], bytes]) -> dict[str, str]:
    """Return the blob of each role.

    Args:
        release: release.json.
        blobs: sizes of all blobs of the release; one that release.json does not name gets the role REST and a number,
            the largest 0.
        read: returns a small blob's content.
    """
    roles = {INSTALLER: release.installer}
    for artifact in release.artifacts:
        for role, sha256 in _of_artifact(artifact, read):
            roles.setdefault(role, sha256)
    for document in release.documents:
        roles.setdefault(f"document {document.kind} of {_repository(document.image) or 'the release'}", document.sha256)
    rest = sorted(blobs.keys() - set(roles.values()), key=lambda sha256: (-blobs[sha256], sha256))
    roles |= {f"{REST} {number}": sha256 for number, sha256 in enumerate(rest)}
    return {role: sha256 for role, sha256 in roles.items() if sha256 in blobs}


def _of_artifact(artifact: BundledArtifact, read: Callable[[str], bytes]) -> Iterator[tuple[str, str]]:
    if artifact.image:
        yield from _of_image(artifact, read)
    else:
        name = source_kinds()[artifact.kind].stable_name(artifact.id.partition(":")[2])
        yield f"{artifact.kind}:{name}", artifact.sha256


def _of_image(image: BundledArtifact, read: Callable[[str], bytes]) -> Iterator[tuple[str, str]]:
    repository = _repository(image.image)
    manifest = oci.parse(read(image.sha256))
    yield f"manifest of {repository}", image.sha256
    if manifest.config:
        yield f"config of {repository}", manifest.config.sha256
    for number, layer in enumerate(manifest.layers):
        yield f"layer {number} of {repository}", layer.sha256


def _repository(image: str) -> str:
    return image.partition("@")[0].rpartition(":")[0]
