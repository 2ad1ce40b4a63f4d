"""Transfers from a binary cache: nothing is believed without its digest, and what broke off is gone on with."""

from __future__ import annotations

import http.server
import time
from typing import Any

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.binary_cache.folder_cache import FolderCache
from bedplate.binary_cache.http_cache import HttpCache
from bedplate.core import digest
from factories.own_cache import Bad, Built, RecordingReporter, served

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
    "one wrong byte": (_flip, "is refused, nothing more is taken from it: has another content for blob"),
    "truncated": (_truncate, "did not give blob"),
    "slow": (_slow, "did not give blob"),
}


@pytest.mark.parametrize("fault", BAD)
def test_bad_cache_is_named_and_the_next_one_used(fault: str, built: Built) -> None:
    """Whatever is wrong with a cache, the build's is the same; only what is right comes into the local one."""
    folder, reporter = built.publish("cache"), RecordingReporter()
    bad, words = BAD[fault]
    with served(folder, bad) as (wrong, asked), served(folder) as (right, _):
        cache, filled = built.fill(reporter, HttpCache(wrong), HttpCache(right))
        assert built.is_whole(cache)
        assert right in filled.size
        assert any(line.startswith(wrong) and words in line for line in reporter.lines)
        assert fault != "one wrong byte" or wrong in filled.refused
        assert len(asked) >= 1
    assert {path.name for path in cache.blob("").iterdir()} <= {path.name for path in built.cache.blob("").iterdir()}


@pytest.mark.parametrize("ranges", [True, False])
def test_goes_on_where_it_broke_off(built: Built, *, ranges: bool) -> None:
    """A transfer that breaks off is gone on with; a server that knows no ranges begins again."""
    folder, reporter, broken = built.publish("cache"), RecordingReporter(), set()

    def break_once(handler: http.server.BaseHTTPRequestHandler, data: bytes) -> bytes:
        if len(data) > 100_000 and handler.path not in broken:
            broken.add(handler.path)
            return data[:70_000]
        return data

    with served(folder, break_once, ranges=ranges) as (url, asked):
        cache, _ = built.fill(reporter, HttpCache(url))
    assert built.is_whole(cache)
    assert broken
    assert any("bytes=70000-" in path for path in asked)
    assert reporter.lines == []


def test_part_of_an_earlier_run_that_is_wrong_is_thrown_away(built: Built) -> None:
    """What an interrupted run left behind may be spoilt: it is had again, and the cache is not blamed."""
    folder, reporter = built.publish("cache"), RecordingReporter()
    wanted = built.lock.entries[0].output
    assert wanted
    origin = FolderCache(folder)
    part = Cache(built.root / "empty").folder("parts") / digest.of([origin.name, wanted.sha256])
    part.write_bytes(b"x" * 1000)
    cache, filled = built.fill(reporter, origin)
    assert built.is_whole(cache)
    assert filled.refused == {}
