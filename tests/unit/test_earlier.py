from __future__ import annotations

import json
from pathlib import Path

import pytest

from bedplate import digest
from bedplate.bundle import layout
from bedplate.model.lock import Entry, Lock, Output
from bedplate.sources import earlier
from bedplate.sources.cache import Cache


def _put(bundle: Path, data: bytes, name: str = "") -> Output:
    cache = Cache(bundle / "unused")
    output = cache.add_bytes(data)
    blob = bundle / layout.blob(name or output.sha256)
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(data)
    return output


def _image(bundle: Path) -> Output:
    parts = [_put(bundle, b"config"), _put(bundle, b"layer")]
    config, layer = ({"digest": f"sha256:{part.sha256}"} for part in parts)
    return _put(bundle, digest.canonical({"config": config, "layers": [layer]}))


def test_bundle_is_a_source(tmp_path: Path) -> None:
    """What a bundle has of a lock comes into the cache with its recipe, an image with all its parts."""
    bundle, cache = tmp_path / "bundle", Cache(tmp_path / "cache")
    program, image = _put(bundle, b"program"), _image(bundle)
    absent = Output(sha256="f" * 64, size=1)
    entries = [
        Entry(id="go:program", kind="go", pin={}, recipe="1", output=program),
        Entry(id="image:a:v1", kind="image", pin={}, recipe="2", output=image),
        Entry(id="deb:gone_1_all", kind="deb", pin={}, recipe="3", output=absent),
    ]
    lock = Lock(release="2026.1.0", entries=entries, sets={})
    assert earlier.take(bundle, lock, cache) == 2
    assert (cache.recall("1"), cache.recall("2"), cache.recall("3")) == (program, image, None)
    manifest = json.loads(cache.blob(image.sha256).read_bytes())
    assert cache.has(manifest["layers"][0]["digest"].removeprefix("sha256:"))
    assert earlier.take(bundle, lock, cache) == 0


@pytest.mark.parametrize("content", [b"", b"tampered"])
def test_damaged_blob_is_not_taken(tmp_path: Path, content: bytes) -> None:
    """A blob whose content is not what its name says is left where it is."""
    wanted = Output(sha256=digest.of("x"), size=len(content))
    _put(tmp_path / "bundle", content, name=wanted.sha256)
    entry = Entry(id="go:program", kind="go", pin={}, recipe="1", output=wanted)
    cache = Cache(tmp_path / "cache")
    assert earlier.take(tmp_path / "bundle", Lock(release="r", entries=[entry], sets={}), cache) == 0
    assert not cache.has(wanted.sha256)
