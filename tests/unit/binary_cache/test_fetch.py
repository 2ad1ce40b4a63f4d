"""Fetching from a binary cache: digests are verified, and broken transfers are resumed."""

from __future__ import annotations

import http.server
import time
from typing import Any

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.binary_cache.folder_cache import FolderCache
from bedplate.binary_cache.http_cache import HttpCache
from bedplate.core import digest
from factories.own_cache import Bad, Built, NoteRecorder, served

pytestmark = pytest.mark.slow


def _flip(_: Any, data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _truncate(_: Any, data: bytes) -> bytes:
    return data[: len(data) // 2]


def _slow(handler: http.server.BaseHTTPRequestHandler, data: bytes) -> None:
    for byte in data[:200]:
        time.sleep(0.02)
        try:
            handler.wfile.write(bytes([byte]))
        except OSError:
            return


BAD: dict[str, tuple[Bad, str]] = {
    "one wrong byte": (_flip, "is not used any more: gave blob"),
    "truncated": (_truncate, "did not give blob"),
    "slow": (_slow, "did not give blob"),
}


@pytest.mark.parametrize("fault", BAD)
def test_a_bad_cache_is_named_and_the_next_one_used(fault: str, built: Built) -> None:
    """With any fault of a cache, the result is the same, and nothing wrong gets into the local cache."""
    folder, reporter = built.publish("cache"), NoteRecorder()
    bad, words = BAD[fault]
    with served(folder, bad) as (wrong, requested), served(folder) as (right, _):
        cache, filled = built.fill(reporter, HttpCache(wrong), HttpCache(right))
        assert built.is_whole(cache)
        assert right in filled.size
        assert any(line.startswith(wrong) and words in line for line in reporter.lines)
        assert fault != "one wrong byte" or wrong in filled.refused
        assert len(requested) >= 1
    assert {path.name for path in cache.blob("").iterdir()} <= {path.name for path in built.cache.blob("").iterdir()}


@pytest.mark.parametrize("ranges", [True, False])
def test_a_broken_transfer_is_resumed(built: Built, *, ranges: bool) -> None:
    """A broken transfer is resumed; from a server without ranges, it starts again."""
    folder, reporter, broken = built.publish("cache"), NoteRecorder(), set()

    def break_once(handler: http.server.BaseHTTPRequestHandler, data: bytes) -> bytes:
        if len(data) > 100_000 and handler.path not in broken:
            broken.add(handler.path)
            return data[:70_000]
        return data

    with served(folder, break_once, ranges=ranges) as (url, requested):
        cache, _ = built.fill(reporter, HttpCache(url))
    assert built.is_whole(cache)
    assert broken
    assert any("bytes=70000-" in path for path in requested)
    assert reporter.lines == []


def test_a_wrong_part_of_an_earlier_run_is_discarded(built: Built) -> None:
    """If bytes of an interrupted run are wrong, the blob is fetched again, and the cache is still used."""
    folder, reporter = built.publish("cache"), NoteRecorder()
    wanted = built.lock.entries[0].output
    assert wanted
    source = FolderCache(folder)
    part = Cache(built.root / "empty").folder("parts") / digest.of([source.name, wanted.sha256])
    part.write_bytes(b"x" * 1000)
    cache, filled = built.fill(reporter, source)
    assert built.is_whole(cache)
    assert filled.refused == {}
