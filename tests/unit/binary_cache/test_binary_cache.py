"""Binary caches in a folder, on a web server and in a registry: publishing them, and fetching from them in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.binary_cache import cache_address, publish
from bedplate.binary_cache.folder_cache import FolderCache
from bedplate.binary_cache.http_cache import HttpCache
from bedplate.config import bundle_layout
from bedplate.core.errors import InputError
from factories import own_registry
from factories.own_cache import Built, NoteRecorder, other, served


def test_a_published_folder_is_a_cache(built: Built) -> None:
    """Published artifacts can be fetched by digest; publishing or fetching again transfers nothing."""
    folder, reporter = built.publish("cache"), NoteRecorder()
    contents = publish.contents_of_cache(built.catalog, built.cache)
    assert publish.publish_to_folder(contents, folder, built.key, built.public, lambda _: None) == 0
    assert (folder / bundle_layout.blob_path(contents.blobs[0].sha256)).samefile(contents.blobs[0].path), (
        "blobs are hard links on one disk"
    )
    with served(folder) as (url, requested):
        cache, filled = built.fill(reporter, HttpCache(url))
        assert built.is_whole(cache)
        assert (filled.artifacts, filled.lacking, list(filled.size), reporter.lines) == (2, 0, [url], [])
        seen = len(requested)
        _, again = built.fill(reporter, HttpCache(url))
        assert (again.artifacts, len(requested)) == (0, seen)


def test_incomplete_and_unreachable_caches_are_skipped(built: Built, tmp_path: Path) -> None:
    """A cache without the blob, and one that does not answer, do not stop the build."""
    folder, reporter = built.publish("cache"), NoteRecorder()
    (tmp_path / "nothing").mkdir()
    dead = f"http://127.0.0.1:{own_registry.free_port()}"
    with served(tmp_path / "nothing") as (without, _):
        cache, filled = built.fill(reporter, HttpCache(without), HttpCache(dead), FolderCache(folder))
    assert built.is_whole(cache)
    assert list(filled.size) == [str(folder)]
    _, filled = Built.fill(built, reporter, HttpCache(dead), lock=other(built.lock))
    assert (filled.artifacts, filled.lacking) == (0, 2)


def test_a_registry_is_a_cache(built: Built, tmp_path: Path) -> None:
    """Artifacts published as one artifact in a registry can be fetched from it."""
    reporter = NoteRecorder()
    with own_registry.serving(tmp_path / "registry") as port:
        name = f"oci+http://127.0.0.1:{port}/caches/bedplate:2026.1.0"
        contents = publish.contents_of_cache(built.catalog, built.cache)
        sent = publish.publish_to_registry(
            contents, cache_address.parse_artifact(name), built.key, built.cache, lambda _: None
        )
        assert sent == len(contents.blobs) + 3
        cache, filled = built.fill(reporter, cache_address.parse_cache(name), public=built.public)
        assert built.is_whole(cache)
        assert (filled.artifacts, reporter.lines) == (2, [])
        assert (
            publish.publish_to_registry(
                contents, cache_address.parse_artifact(name), built.key, built.cache, lambda _: None
            )
            == 0
        )
        missing = cache_address.parse_cache(f"oci+http://127.0.0.1:{port}/caches/other:1")
        assert built.fill(reporter, missing, lock=other(built.lock))[1].lacking == 2


@pytest.mark.parametrize("text", ["ftp://host/x", "oci://host", "/nowhere", "oci://host:x/y"])
def test_wrong_addresses_are_input_errors(text: str) -> None:
    """An address that is not one of a cache is refused before anything is built."""
    with pytest.raises(InputError):
        cache_address.parse_cache(text)


def test_a_password_in_a_url_is_hidden() -> None:
    """The name of a cache is its URL without user and password."""
    assert HttpCache("https://me:secret@cache.site/a").name == "https://cache.site/a"
