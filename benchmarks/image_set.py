"""Images to measure with: those of a release, and generated ones up to a total size.

They are in a bastion's store, in a signed bundle of the same blobs, and in OCI layouts for the other programs. All of
them are hard links to the same files.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bedplate.artifacts import release_contents
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.image import image_config
from bedplate.artifacts.image.layer import ImageLayer, make_layer
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.tarball import TarEntry
from bedplate.bundle import publisher_signature
from bedplate.bundle.write_bundle import write_bundle
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.config.component import Component, Image
from bedplate.core import digest, oci, paths

LAYER_FILES, FILE_BYTES = 12, 4 << 20
"""A generated layer: files of random bytes and as many zeros, which compress to half."""
OWN_LAYERS = 3
EPOCH = 1793491200


@dataclass(frozen=True, slots=True)
class ImageSet:
    """The images in every form that is measured.

    Attributes:
        store: a bastion's store.
        release: its only release.
        bundle: the bundle with the same blobs.
        publisher: the public key that the bundle is signed with.
        layouts: an OCI layout for each image.
        together: one OCI layout with all of them.
        size: bytes of all blobs, each once.
        made_up: number of generated images.
    """

    store: Path
    release: ReleaseFile
    bundle: Path
    publisher: Path
    layouts: dict[str, Path]
    together: Path
    size: int
    made_up: int


def newest_built() -> str:
    """Return the newest release whose images are all in the cache."""
    versions = sorted((path.parent.name for path in paths.SOURCE.glob("releases/*/release.lock")), reverse=True)
    for version in versions:
        if all(Cache().has(artifact.sha256) for artifact in _own(version)):
            return version
    raise SystemExit("no release is built\n  hint: bedplate bundle build RELEASE --out DIR")


def _own(version: str) -> list[BundledArtifact]:
    whole = load_release(version)
    return [a for a in release_contents.locked_release_file(whole, whole.lock()).artifacts if a.kind == "image"]


def make(root: Path, version: str, size: int) -> ImageSet:
    """Create images of a total size (bytes) in an empty folder on the cache's file system."""
    store, key = Cache(root / "store"), root / "key"
    own = _own(version)
    for artifact in own:
        _link_verified(artifact, store)
    more = list(_made_up(store, size))
    release = ReleaseFile(release=version, installer=own[0].sha256, artifacts=[*own, *more], sets={})
    publisher_signature.new_key(key)
    write_bundle(root / "bundle", release, store, key)
    described = store.root / "releases" / version
    described.mkdir(parents=True)
    for name in (bundle_layout.RELEASE, bundle_layout.MANIFEST, bundle_layout.SIGNATURE):
        shutil.copy(root / "bundle" / name, described)
    blobs = store.root / bundle_layout.BLOBS
    layouts = {a.image: _layout(root / "layouts" / a.sha256, [a], blobs) for a in release.artifacts}
    together = _layout(root / "together", release.artifacts, blobs)
    return ImageSet(
        store.root, release, root / "bundle", Path(f"{key}.pub"), layouts, together, _size(store), len(more)
    )


def _link_verified(artifact: BundledArtifact, store: Cache) -> None:
    """Link an image's blobs into the store and verify each, as an installation does."""
    source = Cache()
    for sha256 in source.image_blobs(artifact.sha256):
        blob = store.blob(sha256)
        blob.parent.mkdir(parents=True, exist_ok=True)
        if not blob.exists():
            blob.hardlink_to(source.blob(sha256))
            if digest.of_file(blob) != sha256:
                raise SystemExit(f"blob {sha256} is corrupted\n  hint: bedplate bundle build replaces it")


def _made_up(store: Cache, size: int) -> Iterator[BundledArtifact]:
    """Generate images that share their lowest layer, until the store is large enough."""
    base = _layer(store, 0)
    component = Component(name="benchmark", version="1.0.0", summary="images of a size", layer="none")
    number = 0
    while _size(store) < size:
        number += 1
        layers = [base, *(_layer(store, number * OWN_LAYERS + one) for one in range(OWN_LAYERS))]
        image = Image(name=f"registry.example.org/benchmark/made-up-{number}", tag="v1")
        config = store.add_bytes(
            digest.canonical(image_config.image_configuration(image, component, layers, "amd64", EPOCH))
        )
        output = store.add_bytes(digest.canonical(image_config.image_manifest(image, component, config, layers)))
        name = f"{image.name}:{image.tag}"
        yield BundledArtifact(id=f"image:{name}", kind="image", sha256=output.sha256, size=output.size, image=name)


def _layer(store: Cache, seed: int) -> ImageLayer:
    chance = random.Random(seed)  # noqa: S311  the same bytes in every run are the point
    members = [TarEntry("usr", folder=True, mode=0o755), TarEntry("usr/lib", folder=True, mode=0o755)]
    with store.scratch() as folder:
        for number in range(LAYER_FILES):
            file = folder / str(number)
            file.write_bytes(chance.randbytes(FILE_BYTES) + bytes(FILE_BYTES))
            members.append(TarEntry(f"usr/lib/{number}.so", content=file))
        return make_layer({"benchmark": seed}, lambda: members, store, EPOCH)


def _layout(folder: Path, images: list[BundledArtifact], blobs: Path) -> Path:
    """Return a new OCI layout of some images whose blobs are in another folder."""
    (folder / "blobs").mkdir(parents=True)
    (folder / bundle_layout.BLOBS).symlink_to(blobs)
    (folder / bundle_layout.OCI_LAYOUT).write_text('{"imageLayoutVersion":"1.0.0"}')
    manifests = [oci.descriptor(oci.MANIFEST_TYPE, a.sha256, a.size) for a in images]
    (folder / bundle_layout.INDEX).write_text(json.dumps({"schemaVersion": 2, "manifests": manifests}))
    return folder


def _size(store: Cache) -> int:
    return sum(path.stat().st_size for path in (store.root / bundle_layout.BLOBS).glob("*"))
