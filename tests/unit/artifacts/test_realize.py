"""Artifacts come from the cache or are fetched or built once, and must match the lock."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bedplate.artifacts import realize, release_contents
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.file.file_source import FileSource
from bedplate.artifacts.image.image_source import ImageSource
from bedplate.artifacts.kinds import build_context
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.stale import check_current
from bedplate.binary_cache.fill import BinaryCaches, fill_cache
from bedplate.binary_cache.folder_cache import FolderCache
from bedplate.bundle import publisher_signature
from bedplate.bundle.write_bundle import write_bundle
from bedplate.config.bundle_layout import BundledArtifact
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Entry, Lock, Output
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.core.reporter import SilentReporter
from factories.least_release import SETS

HELLO = "#!/bin/sh\necho hello\n"
COMPONENT = """\
name: hello
summary: Says hello
layer: foundation
artifacts:
  - {{id: hello, kind: file, url: hello.sh, sha256: {sha256}}}
images:
  - name: registry.example.test/hello
    files: [{{artifact: hello, to: /hello}}]
    entrypoint: [/hello]
"""
RELEASE = """\
version: 2026.1.0
toolchain: {go: "1", node: "1"}
epoch: 1793491200
components: {hello: "1"}
"""
IMAGE = "image:registry.example.test/hello:v1"


class ItemRecorder(SilentReporter):
    """Records the items that were fetched or built."""

    def __init__(self) -> None:
        """Start with no items."""
        self.items: list[str] = []

    def end(self, item: str, fact: str) -> None:  # noqa: ARG002  the protocol's form
        """Record one."""
        self.items.append(item)


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Return a release of one component: a file, and an image of it."""
    folder = tmp_path / "tree/manifests/hello"
    folder.mkdir(parents=True)
    (folder / "hello.sh").write_text(HELLO)
    (folder / "component.yaml").write_text(COMPONENT.format(sha256=hashlib.sha256(HELLO.encode()).hexdigest()))
    (tmp_path / "tree/releases/2026.1.0").mkdir(parents=True)
    (tmp_path / "tree/releases/2026.1.0/release.yaml").write_text(RELEASE)
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path / "tree"))
    return load_release("2026.1.0")


def locked(release: Catalog, cache: Cache) -> Lock:
    """Return the release's lock, nothing built yet."""
    context = build_context(release, cache, Lock(release="2026.1.0", entries=[], sets={}))
    return Lock(release="2026.1.0", entries=FileSource().resolve(context).entries, sets=SETS)


def realize_all(release: Catalog, lock: Lock, cache: Cache, reporter: ItemRecorder | None = None) -> dict[str, Entry]:
    """Fetch or build every artifact."""
    return realize.realize(lock, build_context(release, cache, lock), reporter or ItemRecorder(), record=False)


def test_makes_once(release: Catalog, tmp_path: Path) -> None:
    """The first run builds everything, the second nothing; images get entries of their own."""
    cache, first, second = Cache(tmp_path / "cache"), ItemRecorder(), ItemRecorder()
    lock = locked(release, cache)
    entries = realize_all(release, lock, cache, first)
    assert sorted(entries) == ["file:hello", IMAGE]
    assert all(entry.output for entry in entries.values())
    assert realize_all(release, lock, cache, second) == entries
    assert (first.items, second.items) == (["file: 1 to fetch", IMAGE], [])


def test_a_lost_layer_is_made_again(release: Catalog, tmp_path: Path) -> None:
    """An image is built again when the cache lost one of its blobs."""
    cache, reporter = Cache(tmp_path / "cache"), ItemRecorder()
    lock = locked(release, cache)
    output = realize_all(release, lock, cache)[IMAGE].output
    assert output
    layer = max(cache.image_blobs(output.sha256)[1:])
    cache.blob(layer).unlink()
    assert realize_all(release, lock, cache, reporter)[IMAGE].output == output
    assert cache.has(layer)
    assert reporter.items == [IMAGE]


def test_two_machines_make_the_same(release: Catalog, tmp_path: Path) -> None:
    """Separate caches give equal digests."""
    one, two = (Cache(tmp_path / name) for name in ("one", "two"))
    assert realize_all(release, locked(release, one), one) == realize_all(release, locked(release, two), two)


def test_refuses_another_output(release: Catalog, tmp_path: Path) -> None:
    """An output that differs from the recorded one is named, with both digests."""
    cache = Cache(tmp_path / "cache")
    entries = realize_all(release, locked(release, cache), cache)
    other = entries[IMAGE].model_copy(update={"output": Output(sha256="0" * 64, size=1)})
    lock = Lock(release="2026.1.0", entries=[*locked(release, cache).entries, other], sets={})
    with pytest.raises(ErrorList, match=f"{IMAGE} came out as [0-9a-f]+, not {'0' * 64} as locked"):
        realize_all(release, lock, cache)


def test_says_what_disk_it_needs(release: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too small a disk is refused before any work, with what is needed."""
    monkeypatch.setattr(ImageSource, "disk_estimate", 10**15)
    cache = Cache(tmp_path / "cache")
    with pytest.raises(
        BedplateError, match=r"this build needs 1000000\.0 GB \(0 B for file, 1000000\.0 GB for image\)"
    ):
        realize_all(release, locked(release, cache), cache)


def test_describes(release: Catalog, tmp_path: Path) -> None:
    """The release file names every artifact with its digest."""
    cache = Cache(tmp_path / "cache")
    entries = realize_all(release, locked(release, cache), cache)
    lock = Lock(release="2026.1.0", entries=list(entries.values()), sets={})
    described = release_contents.release_file(release, lock, Output(sha256="0" * 64, size=1), cache)
    found: dict[str, BundledArtifact] = {one.id: one for one in described.artifacts}
    assert described.image_digest("registry.example.test/hello:v1") == found[IMAGE].sha256
    assert (found["file:hello"].file, found["file:hello"].component) == ("hello", "hello")


def test_a_changed_declaration_is_refused(release: Catalog, tmp_path: Path) -> None:
    """A declaration that changed since it was locked is named."""
    cache = Cache(tmp_path / "cache")
    lock = locked(release, cache)
    check_current(build_context(release, cache, lock))
    changed = [entry.model_copy(update={"recipe": "other"}) for entry in lock.entries]
    empty: list[Entry] = []
    for entries, fact in ((empty, "is not in the lock"), (changed, "was changed since it was locked")):
        stale = Lock(release="2026.1.0", entries=entries, sets=SETS)
        with pytest.raises(ErrorList, match=fact):
            check_current(build_context(release, cache, stale))


@pytest.mark.parametrize(
    ("sets", "fact"),
    [
        ({"deb:": []}, "set wheel:installer is not in the lock"),
        ({**SETS, "deb:less": ["deb:less_1_amd64"]}, "set deb:less has deb:less_1_amd64, which is not in the lock"),
    ],
)
def test_a_lock_without_all_of_a_set_is_refused(
    release: Catalog, tmp_path: Path, sets: dict[str, list[str]], fact: str
) -> None:
    """A declared set that was never locked, and a set that lacks a member, is named before anything is built."""
    cache = Cache(tmp_path / "cache")
    lock = locked(release, cache).model_copy(update={"sets": sets})
    with pytest.raises(ErrorList, match=fact):
        check_current(build_context(release, cache, lock))


def test_a_bundle_is_a_source(release: Catalog, tmp_path: Path) -> None:
    """With a bundle of the release, nothing has to be fetched or built."""
    first, second, reporter = Cache(tmp_path / "first"), Cache(tmp_path / "second"), ItemRecorder()
    entries = realize_all(release, locked(release, first), first)
    recorded = Lock(release="2026.1.0", entries=list(entries.values()), sets={})
    publisher_signature.new_key(tmp_path / "key")
    described = release_contents.release_file(release, recorded, first.add_bytes(b"installer"), first)
    write_bundle(tmp_path / "bundle", described, first, tmp_path / "key")
    origins = BinaryCaches([FolderCache(tmp_path / "bundle")])
    assert fill_cache(origins, build_context(release, second, recorded), SilentReporter()).artifacts == len(entries)
    assert realize_all(release, recorded, second, reporter) == entries
    assert reporter.items == []
