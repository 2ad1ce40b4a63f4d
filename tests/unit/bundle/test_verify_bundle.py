"""A bundle is refused if anything in it differs from what the publisher signed."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bedplate.bundle import publisher_signature, verify_bundle
from bedplate.bundle.write_bundle import bundle_digest, write_bundle
from bedplate.config import bundle_layout
from bedplate.core.errors import BedplateError, ErrorList, InputError
from factories import tiny_bundle


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tiny_bundle.Tiny:
    """Create one bundle for all tests; a test that corrupts it makes a copy."""
    return tiny_bundle.make(tmp_path_factory.mktemp("tiny"))


def program(bundle: Path) -> Path:
    """Return the path of one blob."""
    release = verify_bundle.read_release(bundle)
    return bundle / bundle_layout.blob_path(next(a.sha256 for a in release.artifacts if a.id == "go:tiny"))


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    replace(path, bytes(data))


def replace(path: Path, data: bytes) -> None:
    """Overwrite a read-only file."""
    path.unlink()
    path.write_bytes(data)


def link(path: Path) -> None:
    """Replace a file by a symbolic link to the same content."""
    target = path.rename(path.parents[3] / "aside")
    path.symlink_to(target)


def pipe(path: Path) -> None:
    """Replace a file by a pipe, which blocks its readers forever."""
    path.unlink()
    os.mkfifo(path)


def sparse(path: Path, size: int) -> None:
    """Extend a file to a size that does not fit into memory."""
    path.unlink()
    path.touch()
    os.truncate(path, size)


def link_manifest(bundle: Path) -> None:
    """Replace the manifest by a link."""
    aside = (bundle / bundle_layout.MANIFEST).rename(bundle.parent / "manifest-aside")
    (bundle / bundle_layout.MANIFEST).symlink_to(aside)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "flipped blob": (lambda b: flip(program(b)), "differs from what was signed"),
    "truncated blob": (lambda b: replace(program(b), b"#!"), "has 2 bytes instead of"),
    "missing blob": (lambda b: program(b).unlink(), "is missing from the bundle"),
    "additional file": (lambda b: (b / "autorun").write_bytes(b""), "is in the bundle but not in its manifest"),
    "link": (lambda b: link(program(b)), "is a link or a special file"),
    "linked manifest": (link_manifest, "is a link or a special file"),
    "flipped release file": (lambda b: flip(b / bundle_layout.RELEASE), "differs from what was signed"),
    "flipped installer": (
        lambda b: flip(b / bundle_layout.INSTALL / "install_steps.py"),
        "differs from what was signed",
    ),
    "compiled installer": (
        lambda b: (b / bundle_layout.INSTALL / "x.pyc").touch(),
        "is in the bundle but not in its manifest",
    ),
    "flipped manifest": (lambda b: flip(b / bundle_layout.MANIFEST), "is not signed by the publisher's key"),
    "no signature": (lambda b: (b / bundle_layout.SIGNATURE).unlink(), "has no manifest.json.sig"),
    "empty signature": (
        lambda b: replace(b / bundle_layout.SIGNATURE, b""),
        "is not a signature in the format of ssh-keygen",
    ),
    "longer signature": (
        lambda b: replace(b / bundle_layout.SIGNATURE, (b / bundle_layout.SIGNATURE).read_bytes() + b"\n"),
        "is not a signature in the format of ssh-keygen",
    ),
    "pipe for a manifest": (lambda b: pipe(b / bundle_layout.MANIFEST), "is a link or a special file"),
    "oversize manifest": (lambda b: sparse(b / bundle_layout.MANIFEST, 1 << 40), "is larger than"),
    "oversize signature": (lambda b: sparse(b / bundle_layout.SIGNATURE, 1 << 40), "is larger than"),
    "additional folder": (lambda b: (b / "blobs/sha512").mkdir(), "is in the bundle but not in its manifest"),
    "pipe": (lambda b: pipe(program(b)), "is a link or a special file"),
    "additional pipe": (lambda b: os.mkfifo(b / "pipe"), "is a link or a special file"),
}


def test_a_whole_bundle_passes(tiny: tiny_bundle.Tiny) -> None:
    """All files are read, and the manifest is returned."""
    read: list[int] = []
    manifest = verify_bundle.verify(tiny.folder, tiny.publisher, read.append)
    assert manifest.release == "2026.11.0"
    assert sum(read) == sum(file.size for file in manifest.files)
    assert {file.path for file in manifest.files} > {"index.json", "install/__main__.py", "oci-layout", "release.json"}


@pytest.mark.parametrize(("damage", "fact"), DAMAGES.values(), ids=DAMAGES)
def test_refused(tiny: tiny_bundle.Tiny, tmp_path: Path, damage: Callable[[Path], object], fact: str) -> None:
    """A corrupted bundle is refused, and the message says what is wrong."""
    bundle = shutil.copytree(tiny.folder, tmp_path / "bundle")
    damage(bundle)
    with pytest.raises((BedplateError, ErrorList), match=fact):
        verify_bundle.verify(bundle, tiny.publisher)


def test_refuses_another_publisher(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """A valid signature by another key is refused."""
    publisher_signature.new_key(tmp_path / "other")
    with pytest.raises(BedplateError, match="is not signed by the publisher's key"):
        verify_bundle.verify(tiny.folder, publisher_signature.public_key(tmp_path / "other"))


def first(change: dict[str, object]) -> Callable[[dict[str, Any]], object]:
    """Return a function that changes the first file in a manifest."""
    return lambda manifest: manifest["files"][0].update(change)


def line(path: str) -> Callable[[dict[str, Any]], object]:
    """Return a function that adds a path to a manifest."""
    return lambda manifest: manifest["files"].append({"path": path, "sha256": "0" * 64, "size": 1})


SIGNED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "parent": (line("../install/install_steps.py"), "does not belong in a bundle"),
    "inner parent": (line("blobs/sha256/../../x"), "does not belong in a bundle"),
    "absolute": (line("/etc/passwd"), "does not belong in a bundle"),
    "other case": (line("Release.json"), "does not belong in a bundle"),
    "blob's other case": (line("blobs/sha256/" + "0A" * 32), "does not belong in a bundle"),
    "another digest": (line("blobs/sha256/" + "1" * 64), "does not belong in a bundle"),
    "line end": (line("release.json\n"), "does not belong in a bundle"),
    "twice": (lambda m: m["files"].append(m["files"][0]), "lists a path twice"),
    "negative size": (first({"size": -1}), "has no size for"),
    "size that is text": (first({"size": "1"}), "has no size for"),
    "size that is a truth value": (first({"size": True}), "has no size for"),
    "no digest": (first({"sha256": ""}), "has no digest for"),
    "path that is not text": (first({"path": ["a"]}), "has no digest for"),
    "no release file": (
        lambda m: m.update(files=[f for f in m["files"] if f["path"] != "release.json"]),
        r"does not list release\.json",
    ),
    "later format": (lambda m: m.update(format=2), "has format 2"),
    "no files": (lambda m: m.pop("files"), "is not a list of files"),
    "smaller than it is": (first({"size": 1}), "bytes instead of 1"),
}


@pytest.mark.parametrize(("change", "fact"), SIGNED.values(), ids=SIGNED)
def test_refused_even_signed(
    tiny: tiny_bundle.Tiny, tmp_path: Path, change: Callable[[dict[str, Any]], object], fact: str
) -> None:
    """An invalid manifest is refused even though the publisher signed it."""
    bundle = shutil.copytree(tiny.folder, tmp_path / "bundle")
    manifest = json.loads((bundle / bundle_layout.MANIFEST).read_bytes())
    change(manifest)
    replace(bundle / bundle_layout.MANIFEST, json.dumps(manifest).encode())
    publisher_signature.sign(bundle, tiny.key)
    with pytest.raises(BedplateError, match=fact):
        verify_bundle.verify(bundle, tiny.publisher)


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"format": 1, "format": 1, "files": []}', b"\xff", b""])
def test_refuses_a_manifest_that_is_not_json(tiny: tiny_bundle.Tiny, tmp_path: Path, text: bytes) -> None:
    """JSON that parsers reject or interpret differently is refused."""
    bundle = shutil.copytree(tiny.folder, tmp_path / "bundle")
    replace(bundle / bundle_layout.MANIFEST, text)
    publisher_signature.sign(bundle, tiny.key)
    with pytest.raises(BedplateError, match=r"file manifest\.json is not a list of files"):
        verify_bundle.verify(bundle, tiny.publisher)


def test_manifest_depends_on_content_alone(tiny: tiny_bundle.Tiny, tmp_path: Path) -> None:
    """Two machines with the same artifacts write the same bundle."""
    other = tiny_bundle.make(tmp_path)
    first, second = (Path(b.folder / bundle_layout.MANIFEST).read_bytes() for b in (tiny, other))
    assert first == second
    assert bundle_digest(verify_bundle.verify(tiny.folder, tiny.publisher)) == bundle_digest(
        verify_bundle.verify(other.folder, other.publisher)
    )


def test_a_second_write_changes_nothing(tmp_path: Path) -> None:
    """The first write counts each listed file; later ones count only what was missing."""
    tiny = tiny_bundle.make(tmp_path)
    manifest, written = write_bundle(tmp_path / "first", tiny.release, tiny.cache, tiny.key)
    assert written == len(manifest.files)
    assert write_bundle(tiny.folder, tiny.release, tiny.cache, tiny.key)[1] == 0
    (tiny.folder / "left over").touch()
    program(tiny.folder).unlink()
    assert write_bundle(tiny.folder, tiny.release, tiny.cache, tiny.key)[1] == 1
    verify_bundle.verify(tiny.folder, tiny.publisher)


def test_a_corrupted_cache_is_noticed(tmp_path: Path) -> None:
    """A blob that changed in the cache is never signed."""
    tiny = tiny_bundle.make(tmp_path)
    flip(tiny.cache.blob(tiny.release.installer))
    with pytest.raises(BedplateError, match="was corrupted in the cache"):
        write_bundle(tiny.folder, tiny.release, tiny.cache, tiny.key)


def test_never_writes_into_another_folder(tmp_path: Path) -> None:
    """A folder with other files is refused, and nothing in it is removed."""
    tiny = tiny_bundle.make(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter").write_text("dear")
    with pytest.raises(InputError, match="is neither empty nor a bundle"):
        write_bundle(tmp_path / "home", tiny.release, tiny.cache, tiny.key)
    assert (tmp_path / "home/letter").read_text() == "dear"


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """A publisher's key is private and is never overwritten."""
    publisher_signature.new_key(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="exists and is never overwritten"):
        publisher_signature.new_key(tmp_path / "key")
