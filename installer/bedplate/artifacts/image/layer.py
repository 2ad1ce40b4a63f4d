"""Image layers: reproducible tars, compressed with zstd, built once per recipe.

Media type and digests: https://github.com/opencontainers/image-spec/blob/main/layer.md
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

import zstandard

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.image.layer_diff import with_hard_links
from bedplate.artifacts.tarball import TarEntry, write_tar
from bedplate.config.base import Model
from bedplate.core import digest

FORM = 1
"""Part of every recipe here: raise it when the same members would give another blob."""
MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+zstd"
LEVEL = 3


class ImageLayer(Model):
    """A layer's blob, and the digest of its tar, which the image's configuration names."""

    sha256: str
    size: int
    diff_id: str


def make_layer(recipe: object, members: Callable[[], Iterable[TarEntry]], cache: Cache, epoch: int) -> ImageLayer:
    """Return a layer from the cache; build it first if the cache has none of its recipe.

    Args:
        recipe: what determines the members; anything that can be written as JSON.
        members: returns the members; called only if the layer has to be built.
        cache: for the layer's blob.
        epoch: time of every member, in seconds.
    """
    key = digest.of({"layer": FORM, "level": LEVEL, "epoch": epoch, "of": recipe})
    if (known := cache.recall(key)) and cache.has((layer := _read(cache.blob(known.sha256))).sha256):
        return layer
    layer = _make(members(), cache, epoch)
    cache.remember(key, cache.add_bytes(digest.canonical(layer.model_dump())))
    return layer


def _read(path: Path) -> ImageLayer:
    return ImageLayer.model_validate_json(path.read_bytes())


def _make(members: Iterable[TarEntry], cache: Cache, epoch: int) -> ImageLayer:
    with cache.scratch() as folder:
        tar, packed = folder / "layer.tar", folder / "layer.tar.zst"
        with tar.open("wb") as out:
            write_tar(with_hard_links(members), out, epoch)
        with tar.open("rb") as source, packed.open("wb") as out:
            pack(source, tar.stat().st_size, out)
        output = cache.add(packed, move=True)
        return ImageLayer(sha256=output.sha256, size=output.size, diff_id=digest.of_file(tar))


def pack(source: IO[bytes], size: int, out: IO[bytes]) -> None:
    """Compress a layer's tar, with one thread and a known size, so that the bytes are the same everywhere."""
    zstandard.ZstdCompressor(level=LEVEL).copy_stream(source, out, size=size)
