"""The index of a binary cache: it must be signed by the pinned key, and its size is limited."""

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
from factories.own_cache import Built, NoteRecorder, served

pytestmark = pytest.mark.slow


def test_index_serves_a_lock_without_outputs(built: Built) -> None:
    """Outputs are taken only from an index that the pinned key signed."""
    folder = built.publish("cache")
    bare = [entry.model_copy(update={"output": None}) for entry in built.lock.entries]
    lock = Lock(release="2026.1.0", entries=bare, sets={})
    assert built.fill(NoteRecorder(), FolderCache(folder), lock=lock)[1].artifacts == 0
    publisher_signature.new_key(built.root / "other")
    reporter = NoteRecorder()
    filled = built.fill(
        reporter, FolderCache(folder), lock=lock, public=publisher_signature.public_key(built.root / "other")
    )[1]
    assert filled.artifacts == 0
    assert "is not signed by the pinned key" in reporter.lines[0]
    cache, filled = built.fill(NoteRecorder(), FolderCache(folder), lock=lock, public=built.public)
    assert (filled.artifacts, built.is_whole(cache)) == (2, True)
    content = json.loads((folder / cache_index.FILE).read_bytes())
    content["entries"]["1"]["sha256"] = "0" * 64
    (folder / cache_index.FILE).write_text(json.dumps(content))
    with pytest.raises(BedplateError, match="is not signed by"):
        built.publish("cache")


def test_a_cache_can_change_its_key(built: Built) -> None:
    """Publishing with a new key needs the old key once, since it signed the present index."""
    built.publish("cache")
    new = built.root / "new"
    publisher_signature.new_key(new)
    with pytest.raises(BedplateError, match="is not signed by"):
        built.publish("cache", key=new, believed=publisher_signature.public_key(new))
    built.publish("cache", key=new, believed=f"{publisher_signature.public_key(new)}\n{built.public}")
    folder = built.publish("cache", key=new, believed=publisher_signature.public_key(new))
    assert cache_index.verified_index(
        FolderCache(folder).index() or (b"", b""), publisher_signature.public_key(new), "cache"
    ).entries


def test_publishing_killed_between_its_renames_resumes(built: Built) -> None:
    """If a new signature is next to the old index, the next run completes the run before it."""
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
    """Lay out a cache's index so that a web server serves it as a registry would."""
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
def _cache(kind: str, folder: Path) -> Iterator[BinaryCache]:
    """Yield a published folder as a cache of a kind."""
    _as_fake_registry(folder)
    with served(folder) as (url, _):
        registry = cache_address.parse_cache(f"oci+{url}/caches/hello:1")
        caches: dict[str, BinaryCache] = {"folder": FolderCache(folder), "web": HttpCache(url), "registry": registry}
        yield caches[kind]


@pytest.mark.parametrize("kind", ["folder", "web", "registry"])
def test_an_endless_index_is_refused(kind: str, built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more is read than an index can have, and a cache with a larger index is not used."""
    folder = built.publish("cache")
    whole = ((folder / cache_index.FILE).read_bytes(), (folder / cache_index.SIGNATURE).read_bytes())
    with _cache(kind, folder) as cache:
        assert cache.index() == whole
        monkeypatch.setattr(cache_index, "LARGEST", len(whole[0]) - 1)
        _, filled = built.fill(NoteRecorder(), cache, public=built.public)
    assert filled.refused == {cache.name: f"cache.json is larger than {len(whole[0]) - 1} bytes"}
    assert filled.artifacts == 0


def test_an_unreadable_index_is_not_overwritten(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its entries would be lost with it."""
    built.publish("cache")
    monkeypatch.setattr(cache_index, "LARGEST", 100)
    with pytest.raises(BedplateError, match=r"cannot be read: cache\.json is larger than 100 bytes"):
        built.publish("cache")
