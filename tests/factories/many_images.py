"""A store with several real images that share layers, with seeded content, for tests of pushing."""

from __future__ import annotations

import json
import random
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BundledArtifact, BundleManifest, ManifestFile, ReleaseFile
from bedplate.config.release_lock import Output
from bedplate.core import digest
from bedplate.core.oci import MANIFEST_TYPE
from bedplate.install.manifest import PLAIN_FILES

CONFIG_TYPE, LAYER_TYPE = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"
NAMES = ("registry.k8s.io/one:v1", "registry.k8s.io/two:v1.2", "quay.io/org/three:3", "harbor.test:8443/a/b:latest")


def store(folder: Path, *, largest: int = 300_000, seed: int = 1) -> tuple[Path, ReleaseFile]:
    """Create a store whose release has four images of three layers each; all share the lowest layer."""
    cache, chance = Cache(folder), random.Random(seed)  # noqa: S311  seeded on purpose
    base = cache.add_bytes(chance.randbytes(largest))
    artifacts = []
    for number, name in enumerate(NAMES):
        layers = [base, *(cache.add_bytes(chance.randbytes(chance.randrange(1, largest))) for _ in range(2))]
        output = _image(cache, layers, number)
        known = {"sha256": output.sha256, "size": output.size, "image": name}
        artifacts.append(BundledArtifact(id=f"image:{name}", kind="image", **known))
    release = ReleaseFile(release="2026.11.0", installer=base.sha256, artifacts=artifacts, sets={})
    place = folder / "releases/2026.11.0" / bundle_layout.RELEASE
    place.parent.mkdir(parents=True)
    place.write_text(release.model_dump_json())
    listed = [ManifestFile(path=name, sha256=digest.of_file(place), size=place.stat().st_size) for name in PLAIN_FILES]
    place.with_name(bundle_layout.MANIFEST).write_text(
        BundleManifest(release=release.release, files=listed).model_dump_json()
    )
    return folder, release


def _image(cache: Cache, layers: list[Output], number: int) -> Output:
    config = cache.add_bytes(json.dumps({"architecture": "amd64", "os": "linux", "author": str(number)}).encode())
    parts = [(CONFIG_TYPE, config), *((LAYER_TYPE, layer) for layer in layers)]
    described = [{"mediaType": kind, "digest": f"sha256:{one.sha256}", "size": one.size} for kind, one in parts]
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": described[0], "layers": described[1:]}
    return cache.add_bytes(json.dumps(manifest).encode())
