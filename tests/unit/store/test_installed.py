"""A release in the store is verified before an apply uses it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bedplate.bundle import publisher_signature
from bedplate.config import bundle_layout
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.install.install_steps import check_bundle
from bedplate.install.store import copy_blobs, write_release_files
from bedplate.install.target import BastionTarget
from bedplate.store import installed
from factories import tiny_bundle

VERSION = "2026.11.0"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tiny_bundle.Tiny:
    """Create one bundle for all tests."""
    return tiny_bundle.make(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def store(tiny: tiny_bundle.Tiny, tmp_path: Path) -> Path:
    """Return a store with the bundle's release, installed by the bundle's own installer."""
    target = BastionTarget(tmp_path / "root")
    signed, files, (release, data) = check_bundle(tiny.folder, tiny.publisher)
    copy_blobs(tiny.folder, files, target)
    write_release_files(release, data, signed, target)
    return target.store


def write(path: Path, data: bytes) -> None:
    """Overwrite a read-only file."""
    path.chmod(0o644)
    path.write_bytes(data)


def test_only_what_changed_is_read_again(tiny: tiny_bundle.Tiny, store: Path) -> None:
    """The first check reads all blobs, the second none, the third only the changed one."""
    release = installed.read(store, VERSION, tiny.publisher)
    assert release.release == tiny.release
    blobs = len(list((store / bundle_layout.BLOBS).iterdir()))
    assert [installed.prove_blobs(release), installed.prove_blobs(release)] == [blobs, 0]
    assert installed.prove_blobs(release, every=True) == blobs
    some = store / bundle_layout.blob_path(tiny.release.installer)
    write(some, some.read_bytes())
    assert installed.prove_blobs(release) == 1


WRONG: dict[str, tuple[Callable[[Path], object], str]] = {
    "release file": (lambda f: write(f / bundle_layout.RELEASE, b"{}"), "differs from what was signed"),
    "manifest": (lambda f: write(f / bundle_layout.MANIFEST, b"{}"), "is not signed by the publisher's key"),
    "no signature": (lambda f: (f / bundle_layout.SIGNATURE).unlink(), "has no manifest.json.sig"),
    "renamed": (lambda f: shutil.move(f, f.with_name("2026.12.0")), "is not in this bastion's store"),
}


@pytest.mark.parametrize(("damage", "fact"), WRONG.values(), ids=WRONG)
def test_refuses_a_release(tiny: tiny_bundle.Tiny, store: Path, damage: Callable[[Path], object], fact: str) -> None:
    """Signature and release.json are verified each time."""
    damage(store / "releases" / VERSION)
    with pytest.raises((BedplateError, InputError), match=fact):
        installed.read(store, VERSION, tiny.publisher)


def test_refuses_one_release_instead_of_another(tiny: tiny_bundle.Tiny, store: Path) -> None:
    """A signed older release is not accepted instead of the one that an environment names."""
    shutil.move(store / "releases" / VERSION, store / "releases/2026.12.0")
    with pytest.raises(BedplateError, match=r"holds release 2026\.11\.0"):
        installed.read(store, "2026.12.0", tiny.publisher)


def test_refuses_another_publishers(store: Path, tmp_path: Path) -> None:
    """An environment accepts only releases of its own publisher."""
    publisher_signature.new_key(tmp_path / "other")
    with pytest.raises(BedplateError, match="is not signed by the publisher's key"):
        installed.read(store, VERSION, publisher_signature.public_key(tmp_path / "other"))


def test_names_every_wrong_blob(tiny: tiny_bundle.Tiny, store: Path) -> None:
    """A corrupted and a missing blob are both reported, and so they are by the next check."""
    release = installed.read(store, VERSION, tiny.publisher)
    installed.prove_blobs(release)
    first, second = sorted((store / bundle_layout.BLOBS).iterdir())[:2]
    write(first, first.read_bytes()[:-1] + b"\0")
    second.unlink()
    for _ in range(2):
        with pytest.raises(ErrorList) as caught:
            installed.prove_blobs(release)
        assert [error.subject for error in caught.value.errors] == [f"blob {first.name}", f"blob {second.name}"]
