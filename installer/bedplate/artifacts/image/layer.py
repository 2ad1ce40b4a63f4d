"""Image layers: deterministic tars, compressed with zstd, made once per recipe.

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
"""Part of every recipe here: raised when the same members would give another blob."""
MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+zstd"
LEVEL = 3


class Layer(Model):
    """A layer's blob, and the digest of its tar, which the image's configuration names."""

    sha256: str
    size: int
    diff_id: str


def make_layer(recipe: object, members: Callable[[], Iterable[TarEntry]], cache: Cache, epoch: int) -> Layer:
    """Return a layer from the cache, made first if no layer of its recipe is there.

    Args:
        recipe: what determines the members (anything that has a canonical JSON).
        members: gives them; called only if the layer must be made.
        cache: where its blob goes.
        epoch: time of every member, in seconds.
    """
    key = digest.of({"layer": FORM, "level": LEVEL, "epoch": epoch, "of": recipe})
    if (known := cache.recall(key)) and cache.has((layer := _read(cache.blob(known.sha256))).sha256):
        return layer
    layer = _make(members(), cache, epoch)
    cache.remember(key, cache.add_bytes(digest.canonical(layer.model_dump())))
    return layer


def _read(path: Path) -> Layer:
    return Layer.model_validate_json(path.read_bytes())


def _make(members: Iterable[TarEntry], cache: Cache, epoch: int) -> Layer:
    with cache.scratch() as folder:
        tar, packed = folder / "layer.tar", folder / "layer.tar.zst"
        with tar.open("wb") as out:
            write_tar(with_hard_links(members), out, epoch)
        with tar.open("rb") as source, packed.open("wb") as out:
            pack(source, tar.stat().st_size, out)
        output = cache.add(packed, move=True)
        return Layer(sha256=output.sha256, size=output.size, diff_id=digest.of_file(tar))


def pack(source: IO[bytes], size: int, out: IO[bytes]) -> None:
    """Compress a layer's tar; one thread, and the size said in advance: so the bytes are the same everywhere."""
    zstandard.ZstdCompressor(level=LEVEL).copy_stream(source, out, size=size)
