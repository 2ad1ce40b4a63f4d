"""A release.json with everything that hosts need, and invented digests."""

from __future__ import annotations

from bedplate.artifacts.host_packages import pinned_packages
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.config.catalog import Catalog
from bedplate.distributions.find_distribution import find_distribution


def release_file(catalog: Catalog, version: str = "1:2.0-3") -> ReleaseFile:
    """Return a release.json with every image, artifact and host package, each in one version."""
    roots = sorted({package for one in catalog.components.values() for package in one.hosts.packages})
    pinned = pinned_packages(catalog.components.values(), find_distribution("debian"))
    closure = [f"deb:{name}_{version}_amd64" for name in sorted({*roots, *pinned, "libnot-asked-for"})]
    images = [f"{image.name}:{image.tag}" for one in catalog.components.values() for image in one.images]
    binaries = {binary.artifact for one in catalog.components.values() for binary in one.hosts.binaries}
    return ReleaseFile(
        release=catalog.release.version,
        installer="0" * 64,
        artifacts=[
            *(_artifact("image", image, image=image) for image in images),
            *(_artifact("go", name, file=f"{name}.tar") for name in sorted(binaries)),
        ],
        sets={f"deb:{','.join(roots)}": closure},
    )


def _artifact(kind: str, name: str, **fields: str) -> BundledArtifact:
    return BundledArtifact(id=f"{kind}:{name}", kind=kind, sha256=f"{len(name):064x}", size=1, **fields)
