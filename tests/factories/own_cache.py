"""A built release, its binary cache, and a web server for it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bedplate.artifacts import resolve
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import build_context
from bedplate.artifacts.load_release import load_release
from bedplate.binary_cache import publish
from bedplate.binary_cache.fetch import FetchLimits
from bedplate.binary_cache.fill import BinaryCaches, FillResult, fill_cache
from bedplate.bundle import publisher_signature
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Entry, Lock, Output
from factories import tiny_bundle

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
LIMITS = FetchLimits(tries=3, first=0.01, grace=0.6, rate=1e9)


class NoteRecorder:
    """Records the notes that are reported."""

    def __init__(self) -> None:
        """Start without notes."""
        self.lines: list[str] = []

    def begin(self, item: str) -> None:
        """Ignore it."""

    def end(self, item: str, fact: str) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Record it."""
        self.lines.append(text)


class Built:
    """A built release, its local cache, and the publisher's key."""

    def __init__(self, root: Path) -> None:
        """Build it."""
        (root / "releases/2026.1.0").mkdir(parents=True)
        (root / "releases/2026.1.0/release.yaml").write_text(RELEASE)
        (root / "manifests/hello").mkdir(parents=True)
        (root / "manifests/hello/component.yaml").write_text(COMPONENT)
        self.cache, self.key = Cache(root / "built"), root / "key"
        publisher_signature.new_key(self.key)
        self.public = publisher_signature.public_key(self.key)
        file, image = self.cache.add_bytes(b"hello" * 40_000), tiny_bundle.image(self.cache)
        entries = [_entry("file:hello", "1", file), _entry(IMAGE, "2", image)]
        self.lock = Lock(release="2026.1.0", entries=entries, sets={})
        self.catalog: Catalog = load_release("2026.1.0")
        resolve.write_lock(self.lock, self.catalog.folder)
        self.root = root

    def publish(self, name: str, *, key: Path | None = None, believed: str = "") -> Path:
        """Publish to a folder, with another key if one is given."""
        folder, contents = self.root / name, publish.contents_of_cache(self.catalog, self.cache)
        publish.publish_to_folder(contents, folder, key or self.key, believed or self.public, lambda _: None)
        return folder

    def fill(
        self, reporter: NoteRecorder, *caches: Any, lock: Lock | None = None, public: str = ""
    ) -> tuple[Cache, FillResult]:
        """Fill an empty local cache."""
        empty = Cache(self.root / "empty")
        context = build_context(self.catalog, empty, lock or self.lock)
        return empty, fill_cache(BinaryCaches(caches, public, LIMITS), context, reporter)

    def is_whole(self, cache: Cache) -> bool:
        """Return whether a local cache has both artifacts, the image with all blobs."""
        outputs = {entry.recipe: entry.output for entry in self.lock.entries}
        contents = publish.find_contents(self.catalog, cache.blob, cache.recall)
        return all(cache.recall(r) == o for r, o in outputs.items()) and all(
            cache.has(b.sha256) for b in contents.blobs
        )


def _entry(name: str, recipe: str, output: Output) -> Entry:
    kind = name.partition(":")[0]
    return Entry.model_validate(
        {"id": name, "kind": kind, "pin": {}, "recipe": recipe, "output": output, "component": "hello"}
    )


def other(lock: Lock) -> Lock:
    """Return a lock whose outputs are in no cache."""
    entries = [
        e.model_copy(update={"output": Output(sha256=n * 64, size=5)}) for n, e in zip("ab", lock.entries, strict=True)
    ]
    return Lock(release=lock.release, entries=entries, sets={})


Bad = Callable[[http.server.BaseHTTPRequestHandler, bytes], bytes | None]


@contextmanager
def served(folder: Path, bad: Bad | None = None, *, ranges: bool = True) -> Iterator[tuple[str, list[str]]]:
    """Serve a folder on loopback; yield its URL and the paths that were requested.

    Args:
        folder: the folder.
        bad: changes the bytes of a response; if it returns None, nothing more is sent.
        ranges: whether ranges of files are supported.
    """
    requested: list[str] = []

    class FileHandler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(f"{self.path} {self.headers.get('Range', '')}".strip())
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
            """Log nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), FileHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requested
    finally:
        server.shutdown()
        server.server_close()
