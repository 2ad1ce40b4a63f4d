"""The index of a binary cache: what it says counts where the pinned key signed it, and its size is bounded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bedplate.binary_cache import cache_address, cache_index, publish
from bedplate.binary_cache.cache_index import CacheIndex
from bedplate.binary_cache.folder_cache import FolderCache
from bedplate.binary_cache.http_cache import HttpCache
from bedplate.binary_cache.protocol import BinaryCache
from bedplate.bundle import publisher_signature
from bedplate.config.release_lock import Lock
from bedplate.core import digest, oci
from bedplate.core.errors import BedplateError
from factories.own_cache import Built, RecordingReporter, served

pytestmark = pytest.mark.slow


def test_index_serves_a_lock_without_outputs(built: Built) -> None:
    """Only an index that the pinned key signed says what a recipe gives."""
    folder = built.publish("cache")
    bare = [entry.model_copy(update={"output": None}) for entry in built.lock.entries]
    lock = Lock(release="2026.1.0", entries=bare, sets={})
    assert built.fill(RecordingReporter(), FolderCache(folder), lock=lock)[1].artifacts == 0
    publisher_signature.new_key(built.root / "other")
    reporter = RecordingReporter()
    filled = built.fill(
        reporter, FolderCache(folder), lock=lock, public=publisher_signature.public_key(built.root / "other")
    )[1]
    assert filled.artifacts == 0
    assert "the pinned key did not sign" in reporter.lines[0]
    cache, filled = built.fill(RecordingReporter(), FolderCache(folder), lock=lock, public=built.public)
    assert (filled.artifacts, built.is_whole(cache)) == (2, True)
    content = json.loads((folder / cache_index.FILE).read_bytes())
    content["entries"]["1"]["sha256"] = "0" * 64
    (folder / cache_index.FILE).write_text(json.dumps(content))
    with pytest.raises(BedplateError, match="did not sign"):
        built.publish("cache")


def test_a_cache_goes_over_to_another_key(built: Built) -> None:
    """The new key alone does not publish over the old one's index; believed beside it, it does, once."""
    built.publish("cache")
    new = built.root / "new"
    publisher_signature.new_key(new)
    with pytest.raises(BedplateError, match="did not sign"):
        built.publish("cache", key=new, believed=publisher_signature.public_key(new))
    built.publish("cache", key=new, believed=f"{publisher_signature.public_key(new)}\n{built.public}")
    folder = built.publish("cache", key=new, believed=publisher_signature.public_key(new))
    assert cache_index.verified_index(
        FolderCache(folder).index() or (b"", b""), publisher_signature.public_key(new), "cache"
    ).entries


def test_publishing_that_was_stopped_between_its_renames_goes_on(built: Built) -> None:
    """The new signature with the old index is no dead end: the next run ends the one before it."""
    folder = built.publish("cache")
    old, new = built.root / "old", folder / cache_index.FILE
    old.write_bytes(CacheIndex(entries={}).signed(built.key)[0])
    new.replace(folder / publish.NEXT)
    old.replace(new)
    assert cache_index.verified_index(
        FolderCache(built.publish("cache")).index() or (b"", b""), built.public, "cache"
    ).entries
    assert not (folder / publish.NEXT).exists()


def _as_fake_registry(folder: Path) -> None:
    """Lay a cache's index out so that a web server gives it as a registry would."""
    repository = folder / "v2/caches/hello"
    (repository / "blobs").mkdir(parents=True)
    (repository / "manifests").mkdir()
    layers = []
    for name in (cache_index.FILE, cache_index.SIGNATURE):
        sha256, size = digest.of_file(folder / name), (folder / name).stat().st_size
        (repository / "blobs" / oci.digest(sha256)).hardlink_to(folder / name)
        layers.append(oci.descriptor(oci.FILE_TYPE, sha256, size, {oci.TITLE: name}))
    (repository / "manifests/1").write_text(json.dumps({"layers": layers}))


@contextmanager
def _origin(kind: str, folder: Path) -> Iterator[BinaryCache]:
    """Give a published folder as an origin of a kind."""
    _as_fake_registry(folder)
    with served(folder) as (url, _):
        registry = cache_address.parse_cache(f"oci+{url}/caches/hello:1")
        origins: dict[str, BinaryCache] = {"folder": FolderCache(folder), "web": HttpCache(url), "registry": registry}
        yield origins[kind]


@pytest.mark.parametrize("kind", ["folder", "web", "registry"])
def test_an_index_without_end_is_refused(kind: str, built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """From no kind of origin more is read than an index can have, and nothing is taken from one that has more."""
    folder = built.publish("cache")
    whole = ((folder / cache_index.FILE).read_bytes(), (folder / cache_index.SIGNATURE).read_bytes())
    with _origin(kind, folder) as origin:
        assert origin.index() == whole
        monkeypatch.setattr(cache_index, "LARGEST", len(whole[0]) - 1)
        _, filled = built.fill(RecordingReporter(), origin, public=built.public)
    assert filled.refused == {origin.name: f"cache.json has more than {len(whole[0]) - 1} bytes"}
    assert filled.artifacts == 0


def test_nothing_is_published_over_an_index_that_cannot_be_read(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others find by the index would be lost with it."""
    built.publish("cache")
    monkeypatch.setattr(cache_index, "LARGEST", 100)
    with pytest.raises(BedplateError, match=r"cannot be read: cache\.json has more than 100 bytes"):
        built.publish("cache")
