"""Binary caches: published, served, tried in order; a folder, a web server or a registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.binary_cache import cache_address, publish
from bedplate.binary_cache.folder_cache import FolderCache
from bedplate.binary_cache.http_cache import HttpCache
from bedplate.config import bundle_layout
from bedplate.core.errors import InputError
from factories import own_registry
from factories.own_cache import Built, RecordingReporter, other, served


def test_published_folder_is_a_source(built: Built) -> None:
    """What was published is had again by digest; a second publishing writes nothing, a second filling takes nothing."""
    folder, reporter = built.publish("cache"), RecordingReporter()
    stock = publish.contents_of_cache(built.catalog, built.cache)
    assert publish.publish_to_folder(stock, folder, built.key, built.public, lambda _: None) == 0
    assert (folder / bundle_layout.blob_path(stock.blobs[0].sha256)).samefile(stock.blobs[0].path), (
        "no second copy on one disk"
    )
    with served(folder) as (url, asked):
        cache, filled = built.fill(reporter, HttpCache(url))
        assert built.is_whole(cache)
        assert (filled.artifacts, filled.lacking, list(filled.size), reporter.lines) == (2, 0, [url], [])
        seen = len(asked)
        _, again = built.fill(reporter, HttpCache(url))
        assert (again.artifacts, len(asked)) == (0, seen)


def test_missing_and_unreachable_caches_are_passed_over(built: Built, tmp_path: Path) -> None:
    """A cache without the blob and one that nobody serves cost a try, not the build."""
    folder, reporter = built.publish("cache"), RecordingReporter()
    (tmp_path / "nothing").mkdir()
    dead = f"http://127.0.0.1:{own_registry.free_port()}"
    with served(tmp_path / "nothing") as (without, _):
        cache, filled = built.fill(reporter, HttpCache(without), HttpCache(dead), FolderCache(folder))
    assert built.is_whole(cache)
    assert list(filled.size) == [str(folder)]
    _, filled = Built.fill(built, reporter, HttpCache(dead), lock=other(built.lock))
    assert (filled.artifacts, filled.lacking) == (0, 2)


def test_registry_is_a_cache(built: Built, tmp_path: Path) -> None:
    """Published as one artifact of a registry, and had again from there."""
    reporter = RecordingReporter()
    with own_registry.serving(tmp_path / "registry") as port:
        name = f"oci+http://127.0.0.1:{port}/caches/bedplate:2026.1.0"
        stock = publish.contents_of_cache(built.catalog, built.cache)
        sent = publish.publish_to_registry(
            stock, cache_address.parse_artifact(name), built.key, built.cache, lambda _: None
        )
        assert sent == len(stock.blobs) + 3
        cache, filled = built.fill(reporter, cache_address.parse_cache(name), public=built.public)
        assert built.is_whole(cache)
        assert (filled.artifacts, reporter.lines) == (2, [])
        assert (
            publish.publish_to_registry(
                stock, cache_address.parse_artifact(name), built.key, built.cache, lambda _: None
            )
            == 0
        )
        missing = cache_address.parse_cache(f"oci+http://127.0.0.1:{port}/caches/other:1")
        assert built.fill(reporter, missing, lock=other(built.lock))[1].lacking == 2


@pytest.mark.parametrize("text", ["ftp://host/x", "oci://host", "/nowhere", "oci://host:x/y"])
def test_wrong_names_are_input_errors(text: str) -> None:
    """A cache that is none is told before anything is built."""
    with pytest.raises(InputError):
        cache_address.parse_cache(text)


def test_password_in_a_url_is_not_told() -> None:
    """What is printed of a URL is without its user and password."""
    assert HttpCache("https://me:secret@cache.site/a").name == "https://cache.site/a"
