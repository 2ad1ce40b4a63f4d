"""Binary caches: published, served, tried in order; nothing of them is believed without its digest."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import own_registry
import pytest
import tiny_bundle

from bedplate import catalog, digest
from bedplate.bundle import layout, sign
from bedplate.catalog import Catalog
from bedplate.errors import BedplateError, InputError
from bedplate.model.lock import Entry, Lock, Output
from bedplate.origin import index, publish, spec
from bedplate.origin.fetch import Patience
from bedplate.origin.fill import Filled, Origins, fill
from bedplate.origin.folder import Folder
from bedplate.origin.web import Web
from bedplate.sources import resolve
from bedplate.sources.cache import Cache
from bedplate.sources.source import context as context_of

COMPONENT = """\
name: hello
summary: Says hello
layer: foundation
artifacts:
  - {id: hello, kind: file, url: hello.sh, sha256: "00000000000000000000000000000000000000000000000000000000000000aa"}
images:
  - {name: registry.example.test/hello, tag: v1, files: [{artifact: hello, to: /hello}]}
"""
RELEASE = "version: 2026.1.0\ntoolchain: {go: '1', node: '1'}\nepoch: 1793491200\ncomponents: {hello: '1'}\n"
IMAGE = "image:registry.example.test/hello:v1"
PATIENCE = Patience(tries=3, first=0.01, grace=0.6, rate=1e9)


class Told:
    """Remembers what is said."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.lines: list[str] = []

    def begin(self, item: str) -> None:
        """Not of interest."""

    def end(self, item: str, fact: str) -> None:
        """Not of interest."""

    def say(self, text: str) -> None:
        """Remember it."""
        self.lines.append(text)


class Built:
    """A release that was built, its cache, and the publisher's key."""

    def __init__(self, root: Path) -> None:
        """Build it."""
        (root / "releases/2026.1.0").mkdir(parents=True)
        (root / "releases/2026.1.0/release.yaml").write_text(RELEASE)
        (root / "manifests/hello").mkdir(parents=True)
        (root / "manifests/hello/component.yaml").write_text(COMPONENT)
        self.cache, self.key = Cache(root / "built"), root / "key"
        sign.new_key(self.key)
        self.public = sign.public_key(self.key)
        file, image = self.cache.add_bytes(b"hello" * 40_000), tiny_bundle.image(self.cache)
        entries = [_entry("file:hello", "1", file), _entry(IMAGE, "2", image)]
        self.lock = Lock(release="2026.1.0", entries=entries, sets={})
        self.catalog: Catalog = catalog.load("2026.1.0")
        resolve.write(self.lock, self.catalog.folder)
        self.root = root

    def publish(self, name: str) -> Path:
        """Publish into a folder of the test."""
        folder = self.root / name
        publish.to_folder(publish.of_cache(self.catalog, self.cache), folder, self.key, self.public, lambda _: None)
        return folder

    def fill(self, told: Told, *origins: Any, lock: Lock | None = None, public: str = "") -> tuple[Cache, Filled]:
        """Fill an empty cache."""
        empty = Cache(self.root / "empty")
        context = context_of(self.catalog, empty, lock or self.lock)
        return empty, fill(Origins(origins, public, PATIENCE), context, told)

    def is_whole(self, cache: Cache) -> bool:
        """Return whether a cache has both artifacts, the image with all parts."""
        outputs = {entry.recipe: entry.output for entry in self.lock.entries}
        stock = publish.stock(self.catalog, cache.blob, cache.recall)
        return all(cache.recall(r) == o for r, o in outputs.items()) and all(cache.has(b.sha256) for b in stock.blobs)


def _entry(name: str, recipe: str, output: Output) -> Entry:
    kind = name.partition(":")[0]
    return Entry.model_validate(
        {"id": name, "kind": kind, "pin": {}, "recipe": recipe, "output": output, "component": "hello"}
    )


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    """Build a release whose components are the test's own."""
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    return Built(tmp_path)


Bad = Callable[[http.server.BaseHTTPRequestHandler, bytes], bytes | None]


@contextmanager
def served(folder: Path, bad: Bad | None = None, *, ranges: bool = True) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder on loopback; gives its URL and the paths that were asked for.

    Args:
        folder: what is served.
        bad: changes what is sent; None from it: nothing more is sent.
        ranges: whether parts of files are given.
    """
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers.get('Range', '')}".strip())
            path = folder / self.path.lstrip("/")
            if not path.is_file():
                self.send_error(404)
                return
            content, start = path.read_bytes(), 0
            if ranges and (given := self.headers.get("Range")):
                start = int(given.removeprefix("bytes=").rstrip("-"))
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            data = content[start:]
            sent = bad(self, data) if bad and "/blobs/" in self.path else data
            if sent is not None:
                self.wfile.write(sent)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def test_published_folder_is_a_source(built: Built) -> None:
    """What was published is had again by digest; a second publishing writes nothing, a second filling takes nothing."""
    folder, told = built.publish("cache"), Told()
    stock = publish.of_cache(built.catalog, built.cache)
    assert publish.to_folder(stock, folder, built.key, built.public, lambda _: None) == 0
    assert (folder / layout.blob(stock.blobs[0].sha256)).samefile(stock.blobs[0].path), "no second copy on one disk"
    with served(folder) as (url, asked):
        cache, filled = built.fill(told, Web(url))
        assert built.is_whole(cache)
        assert (filled.artifacts, filled.lacking, list(filled.size), told.lines) == (2, 0, [url], [])
        seen = len(asked)
        _, again = built.fill(told, Web(url))
        assert (again.artifacts, len(asked)) == (0, seen)


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


@pytest.mark.parametrize(
    "fault", [pytest.param(name, marks=[pytest.mark.slow] if name == "slow" else []) for name in BAD]
)
def test_bad_cache_is_named_and_the_next_one_used(fault: str, built: Built) -> None:
    """Whatever is wrong with a cache, the build's is the same; only what is right comes into the local one."""
    folder, told = built.publish("cache"), Told()
    bad, words = BAD[fault]
    with served(folder, bad) as (wrong, asked), served(folder) as (right, _):
        cache, filled = built.fill(told, Web(wrong), Web(right))
        assert built.is_whole(cache)
        assert right in filled.size
        assert any(line.startswith(wrong) and words in line for line in told.lines)
        assert fault != "one wrong byte" or wrong in filled.refused
        assert len(asked) >= 1
    assert {path.name for path in cache.blob("").iterdir()} <= {path.name for path in built.cache.blob("").iterdir()}


def test_missing_and_unreachable_caches_are_passed_over(built: Built, tmp_path: Path) -> None:
    """A cache without the blob and one that nobody serves cost a try, not the build."""
    folder, told = built.publish("cache"), Told()
    (tmp_path / "nothing").mkdir()
    dead = f"http://127.0.0.1:{own_registry.free_port()}"
    with served(tmp_path / "nothing") as (without, _):
        cache, filled = built.fill(told, Web(without), Web(dead), Folder(folder))
    assert built.is_whole(cache)
    assert list(filled.size) == [str(folder)]
    _, filled = Built.fill(built, told, Web(dead), lock=_other(built.lock))
    assert (filled.artifacts, filled.lacking) == (0, 2)


def _other(lock: Lock) -> Lock:
    entries = [
        e.model_copy(update={"output": Output(sha256=n * 64, size=5)}) for n, e in zip("ab", lock.entries, strict=True)
    ]
    return Lock(release=lock.release, entries=entries, sets={})


@pytest.mark.parametrize("ranges", [True, False])
def test_goes_on_where_it_broke_off(built: Built, *, ranges: bool) -> None:
    """A transfer that breaks off is gone on with; a server that knows no ranges begins again."""
    folder, told, broken = built.publish("cache"), Told(), set()

    def break_once(handler: http.server.BaseHTTPRequestHandler, data: bytes) -> bytes:
        if len(data) > 100_000 and handler.path not in broken:
            broken.add(handler.path)
            return data[:70_000]
        return data

    with served(folder, break_once, ranges=ranges) as (url, asked):
        cache, _ = built.fill(told, Web(url))
    assert built.is_whole(cache)
    assert broken
    assert any("bytes=70000-" in path for path in asked)
    assert told.lines == []


def test_part_of_an_earlier_run_that_is_wrong_is_thrown_away(built: Built) -> None:
    """What an interrupted run left behind may be spoilt: it is had again, and the cache is not blamed."""
    folder, told = built.publish("cache"), Told()
    wanted = built.lock.entries[0].output
    assert wanted
    origin = Folder(folder)
    part = Cache(built.root / "empty").folder("parts") / digest.of([origin.name, wanted.sha256])
    part.write_bytes(b"x" * 1000)
    cache, filled = built.fill(told, origin)
    assert built.is_whole(cache)
    assert filled.refused == {}


def test_index_serves_a_lock_without_outputs(built: Built) -> None:
    """Only an index that the pinned key signed says what a recipe gives."""
    folder = built.publish("cache")
    bare = [entry.model_copy(update={"output": None}) for entry in built.lock.entries]
    lock = Lock(release="2026.1.0", entries=bare, sets={})
    assert built.fill(Told(), Folder(folder), lock=lock)[1].artifacts == 0
    sign.new_key(built.root / "other")
    told = Told()
    filled = built.fill(told, Folder(folder), lock=lock, public=sign.public_key(built.root / "other"))[1]
    assert filled.artifacts == 0
    assert "the pinned key did not sign" in told.lines[0]
    cache, filled = built.fill(Told(), Folder(folder), lock=lock, public=built.public)
    assert (filled.artifacts, built.is_whole(cache)) == (2, True)
    content = json.loads((folder / index.FILE).read_bytes())
    content["entries"]["1"]["sha256"] = "0" * 64
    (folder / index.FILE).write_text(json.dumps(content))
    with pytest.raises(BedplateError, match="did not sign"):
        built.publish("cache")


def test_registry_is_a_cache(built: Built, tmp_path: Path) -> None:
    """Published as one artifact of a registry, and had again from there."""
    told = Told()
    with own_registry.serving(tmp_path / "registry") as port:
        name = f"oci+http://127.0.0.1:{port}/caches/bedplate:2026.1.0"
        stock = publish.of_cache(built.catalog, built.cache)
        sent = publish.to_registry(stock, spec.artifact(name), built.key, built.cache, lambda _: None)
        assert sent == len(stock.blobs) + 3
        cache, filled = built.fill(told, spec.origin(name), public=built.public)
        assert built.is_whole(cache)
        assert (filled.artifacts, told.lines) == (2, [])
        assert publish.to_registry(stock, spec.artifact(name), built.key, built.cache, lambda _: None) == 0
        missing = spec.origin(f"oci+http://127.0.0.1:{port}/caches/other:1")
        assert built.fill(told, missing, lock=_other(built.lock))[1].lacking == 2


@pytest.mark.parametrize("text", ["ftp://host/x", "oci://host", "/nowhere", "oci://host:x/y"])
def test_wrong_names_are_input_errors(text: str) -> None:
    """A cache that is none is told before anything is built."""
    with pytest.raises(InputError):
        spec.origin(text)


def test_password_in_a_url_is_not_told() -> None:
    """What is printed of a URL is without its user and password."""
    assert Web("https://me:secret@cache.site/a").name == "https://cache.site/a"
