"""Releases in a bastion's store: added to the mirror as links, and removed without what others use."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from bedplate.apply import releases
from bedplate.apply.ledger import DONE, FAILED, Ledger
from bedplate.apply.releases import Removal
from bedplate.bundle.write_bundle import write_bundle
from bedplate.config import bundle_layout
from bedplate.core.errors import BedplateError, InputError
from bedplate.store import mirror_tree
from bedplate.store.unpacked_programs import UnpackedPrograms
from factories import tiny_bundle

pytestmark = pytest.mark.slow

OLD, NEW = "2026.11.0", "2026.11.1"


class BastionPaths(NamedTuple):
    """The paths of a bastion."""

    store: Path
    mirror: Path
    key_home: Path
    state: Path
    unpacked: UnpackedPrograms

    def remove(self, version: str, *, force: bool = False) -> Removal:
        """Remove a release."""
        return releases.remove(version, force=force, **self._asdict())

    def ensure_mirror(self) -> int:
        """Publish the mirror."""
        return mirror_tree.ensure_mirror(self.store, self.mirror, self.key_home)


@pytest.fixture(scope="module")
def key_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one folder for the mirror's key for all tests: creating a key takes a second."""
    return tmp_path_factory.mktemp("gpg")


@pytest.fixture
def bastion(tmp_path: Path, key_home: Path) -> BastionPaths:
    """Make a bastion with two releases: the second differs by one program."""
    tiny = tiny_bundle.make(tmp_path)
    unpacked = UnpackedPrograms(tmp_path / "opt", tmp_path / "commands")
    bastion = BastionPaths(tmp_path / "store", tmp_path / "mirror", key_home, tmp_path / "state", unpacked)
    _carry(tiny.folder, bastion.store, OLD)
    program = tiny.cache.add_bytes(tiny_bundle.tar({"bin/kubectl": "#!/bin/sh\necho another one\n"}))
    artifacts = [
        a.model_copy(update={"sha256": program.sha256, "size": program.size, "file": "tiny-2.tar"})
        if a.kind == "go"
        else a
        for a in tiny.release.artifacts
    ]
    release = tiny.release.model_copy(update={"release": NEW, "epoch": tiny.release.epoch + 1, "artifacts": artifacts})
    write_bundle(tmp_path / "second", release, tiny.cache, tiny.key)
    bastion.ensure_mirror()
    before = _inodes(bastion)
    _carry(tmp_path / "second", bastion.store, NEW)
    bastion.ensure_mirror()
    assert before <= _inodes(bastion), "adding a release adds links and moves nothing"
    return bastion


def _carry(bundle: Path, store: Path, version: str) -> None:
    """Put a bundle into a store as its `install` does."""
    for path in (bundle / bundle_layout.BLOBS).iterdir():
        target = store / bundle_layout.blob_path(path.name)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    folder = store / "releases" / version
    folder.mkdir(parents=True)
    for name in (bundle_layout.RELEASE, bundle_layout.MANIFEST, bundle_layout.SIGNATURE):
        shutil.copy(bundle / name, folder)


def _inodes(bastion: BastionPaths) -> set[tuple[str, int]]:
    return {(str(p), p.stat().st_ino) for p in bastion.mirror.rglob("data")}


def _blobs(bastion: BastionPaths) -> set[str]:
    return {path.name for path in (bastion.store / bundle_layout.BLOBS).iterdir()}


def _listed(folder: Path) -> set[str]:
    files = json.loads((folder / bundle_layout.MANIFEST).read_bytes())["files"]
    return {file["sha256"] for file in files if file["path"].startswith("blobs/")}


def test_removes_what_no_other_release_uses(bastion: BastionPaths) -> None:
    """Only the old release's own blobs are deleted and counted, and the mirror loses only the old file."""
    old, new = (_listed(bastion.store / "releases" / version) for version in (OLD, NEW))
    sizes = {release.version: release for release in releases.stored(bastion.store, bastion.state)}
    assert (bastion.mirror / "files/tiny-1.tar").is_file()
    freed = bastion.remove(OLD)
    assert freed == Removal(len(old - new), sizes[OLD].alone, freed.links, 0)
    assert freed.size > 0
    assert _blobs(bastion) == new
    assert not (bastion.mirror / "files/tiny-1.tar").exists()
    assert (bastion.mirror / "files/tiny-2.tar").is_file()
    assert mirror_tree.check_mirror(bastion.store, bastion.mirror) == []
    assert [release.version for release in releases.stored(bastion.store, bastion.state)] == [NEW]


@pytest.mark.parametrize(("outcomes", "used"), [([(OLD, DONE)], OLD), ([(OLD, DONE), (NEW, FAILED)], NEW)])
def test_refuses_what_an_environment_runs(bastion: BastionPaths, outcomes: list[tuple[str, str]], used: str) -> None:
    """The applied release stays, and so does one whose apply began; --force removes it anyway."""
    ledger = Ledger(bastion.state / "prod/ledger.db")
    for release, outcome in outcomes:
        ledger.end_run(ledger.begin_run(f"{release}+relock"), outcome)
    ledger.close()
    before = _blobs(bastion)
    with pytest.raises(InputError, match="environment prod runs"):
        bastion.remove(used)
    assert _blobs(bastion) == before
    assert [one.environments for one in releases.stored(bastion.store, bastion.state) if one.version == used] == [
        ("prod",)
    ]
    assert bastion.remove(used, force=True).blobs > 0


def test_resumes_after_a_kill(bastion: BastionPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command finishes a removal that was interrupted at any of its file operations."""
    new, original, calls = _listed(bastion.store / "releases" / NEW), Path.unlink, []

    def stopping(path: Path, *, missing_ok: bool = False) -> None:
        calls.append(path)
        if len(calls) % 2:
            raise KeyboardInterrupt
        original(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", stopping)
    for _ in range(50):
        try:
            bastion.remove(OLD)
        except KeyboardInterrupt:
            continue
        break
    monkeypatch.undo()
    assert len(calls) > 2
    assert _blobs(bastion) == new
    assert mirror_tree.check_mirror(bastion.store, bastion.mirror) == []
    with pytest.raises(InputError, match="is not in this bastion's store"):
        bastion.remove(OLD)


def test_an_unreadable_manifest_keeps_everything(bastion: BastionPaths) -> None:
    """If one release's manifest cannot be read, nothing is removed: the release may need any blob."""
    (bastion.store / "releases" / NEW / bundle_layout.MANIFEST).write_text("{")
    before = _blobs(bastion)
    with pytest.raises(BedplateError, match="has no readable manifest"):
        bastion.remove(OLD)
    assert _blobs(bastion) == before
    assert (bastion.store / "releases" / OLD).is_dir()


def test_an_unreadable_release_file_keeps_everything(bastion: BastionPaths) -> None:
    """If it is unknown which programs another release has, nothing is removed."""
    (bastion.store / "releases" / NEW / bundle_layout.RELEASE).write_text("{")
    before = _blobs(bastion)
    with pytest.raises(BedplateError, match=r"no release\.json that can be read"):
        bastion.remove(OLD)
    assert _blobs(bastion) == before
    assert (bastion.store / "releases" / OLD).is_dir()


def test_programs_are_removed_with_their_release(bastion: BastionPaths) -> None:
    """The removed release's installer is deleted; programs that both releases use are not."""
    opt = bastion.unpacked.opt
    for path in (f"installer/{OLD}/.venv", f"installer/{NEW}/.venv", "tiny/1/bin"):
        (opt / path).mkdir(parents=True)
    assert bastion.remove(OLD).folders == 1
    assert sorted(str(path.relative_to(opt)) for path in opt.glob("*/*")) == [f"installer/{NEW}", "tiny/1"]


def test_the_last_release_can_be_removed(bastion: BastionPaths) -> None:
    """An empty store has no blobs, and the mirror has no files of blobs."""
    for version in (OLD, NEW):
        bastion.remove(version)
    assert _blobs(bastion) == set()
    assert list(bastion.mirror.rglob("data")) == []
