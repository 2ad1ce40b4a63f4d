"""Unpacked programs are removed when no release needs them and no link points to them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BastionNeeds, BastionProgram, BundledArtifact, ReleaseFile
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.store.unpacked_programs import UnpackedPrograms, unpacked_by

OLD, NEW = "2026.11.0", "2026.11.1"


@pytest.fixture
def unpacked(tmp_path: Path) -> UnpackedPrograms:
    """Return the folders of a bastion with two releases, the second of which is current."""
    found = UnpackedPrograms(tmp_path / "opt/bedplate", tmp_path / "bin")
    found.commands.mkdir()
    for version, tool, server in ((OLD, "1.0", "3.0.0"), (NEW, "1.1", "3.1.0")):
        for path in (f"installer/{version}/bedplate", f"tool/{tool}/bin/tool", f"server/{server}/bin/server"):
            (found.opt / path).parent.mkdir(parents=True)
            (found.opt / path).write_text(version)
    (found.opt / "tool/current").symlink_to("1.1")
    (found.opt / "server/current").symlink_to("3.1.0")
    (found.commands / "bedplate").symlink_to(f"../opt/bedplate/installer/{NEW}/bedplate")
    (found.commands / "tool").symlink_to("../opt/bedplate/tool/current/bin/tool")
    return found


def release(store: Path, version: str, programs: Mapping[str, str], hosts: Mapping[str, str]) -> Path:
    """Write a release.json into a store, with programs of the installer and of hosts."""
    artifacts = [
        BundledArtifact(id=f"go:the-{name}", kind="go", sha256="", size=0, file=f"the-{name}-{one}.tar", component=name)
        for name, one in hosts.items()
    ]
    needs = BastionNeeds(
        programs=[BastionProgram(component=n, version=v, artifact="", path=f"bin/{n}") for n, v in programs.items()]
    )
    file = ReleaseFile(release=version, installer="", artifacts=artifacts, sets={}, bastion=needs)
    (store / version).mkdir(parents=True)
    (store / version / bundle_layout.RELEASE).write_text(file.model_dump_json())
    return store / version


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return the first release's folder in the store."""
    return release(tmp_path / "store", OLD, {"tool": "1.0"}, {"server": "3.0.0"})


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """Return the second release's folder in the store."""
    return release(tmp_path / "store", NEW, {"tool": "1.1"}, {"server": "3.1.0"})


def there(unpacked: UnpackedPrograms) -> list[str]:
    """Return the unpacked versions, and all other entries next to them."""
    found = unpacked.opt.glob("*/*")
    return sorted(str(path.relative_to(unpacked.opt)) for path in found if not path.is_symlink())


AFTER = [f"installer/{NEW}", "server/3.1.0", "tool/1.1"]


def test_names_programs_of_installer_and_hosts(old: Path) -> None:
    """The version of a host's program is the end of its artifact's file name."""
    assert unpacked_by(old) == {("installer", OLD), ("tool", "1.0"), ("server", "3.0.0")}


def test_removes_what_no_release_needs(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """The old installer and programs are removed; a second run finds nothing."""
    assert unpacked.remove_unused([new], [old]) == 3
    assert there(unpacked) == AFTER
    assert (unpacked.commands / "tool").read_text() == NEW
    assert unpacked.remove_unused([new], [old]) == 0


def test_keeps_what_another_release_needs(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """While the old release is in the store, its programs stay, linked or not."""
    before = there(unpacked)
    assert unpacked.remove_unused([old, new], []) == 0
    assert there(unpacked) == before


def test_keeps_what_a_link_points_to(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """Removing the current release keeps the programs that links point to, even through another link."""
    assert unpacked.remove_unused([old], [new]) == 0
    (unpacked.opt / "tool/current").unlink()
    (unpacked.opt / "tool/mine").symlink_to("round")
    (unpacked.opt / "tool/round").symlink_to("mine")
    assert unpacked.remove_unused([old], [new]) == 1
    assert not (unpacked.opt / "tool/1.1").exists()


def test_keeps_the_running_installer(
    unpacked: UnpackedPrograms, old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The running installer is kept, wherever the link `bedplate` points."""
    monkeypatch.setattr(paths, "SOURCE", unpacked.opt / "installer" / OLD)
    assert unpacked.remove_unused([new], [old]) == 2
    assert there(unpacked) == [f"installer/{OLD}", *AFTER]


def test_removes_later_what_was_linked_before(unpacked: UnpackedPrograms, old: Path, new: Path, tmp_path: Path) -> None:
    """A program that was kept because of a link is removed later, after the link has changed."""
    shutil.rmtree(new)
    third = release(tmp_path / "store", "2026.11.2", {"tool": "1.2"}, {"server": "3.2.0"})
    (unpacked.commands / "bedplate").unlink()
    assert unpacked.remove_unused([third], [old]) == 4
    assert there(unpacked) == ["server/3.1.0", "tool/1.1"]


def test_leaves_other_folders_alone(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """Folders of unknown components, files and hidden folders are left alone."""
    others = ["mirror/replicate.py", "stranger/1.0/bin/x", f"installer/.{NEW}.new/x", "tool/note"]
    for path in others:
        (unpacked.opt / path).parent.mkdir(parents=True, exist_ok=True)
        (unpacked.opt / path).touch()
    unpacked.remove_unused([new], [old])
    assert all((unpacked.opt / path).exists() for path in others)


def test_resumes_after_a_kill(
    unpacked: UnpackedPrograms, old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a kill inside a folder, its rest does not have a version's name, and the next run removes it."""
    original, calls = shutil.rmtree, []

    def stopping(path: Path) -> None:
        calls.append(path)
        if len(calls) % 2:
            next(one for one in path.rglob("*") if one.is_file()).unlink()
            raise KeyboardInterrupt
        original(path)

    monkeypatch.setattr(shutil, "rmtree", stopping)
    for _ in range(20):
        try:
            unpacked.remove_unused([new], [old])
        except KeyboardInterrupt:
            assert all(
                any(path.is_file() for path in one.rglob("*")) for one in unpacked.opt.glob("*/[!.]*") if one.is_dir()
            )
            continue
        break
    assert len(calls) == 6
    monkeypatch.undo()
    assert there(unpacked) == AFTER


def test_unknown_needs_remove_nothing(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """If a kept release cannot be read, nothing is removed; a removed release may be unreadable."""
    before = there(unpacked)
    (new / bundle_layout.RELEASE).write_text("{")
    with pytest.raises(BedplateError, match=r"has no release\.json that can be read\n  hint: copy its bundle here"):
        unpacked.remove_unused([new], [old])
    assert there(unpacked) == before
    assert unpacked.remove_unused([old], [new]) == 0


def test_a_release_that_is_still_copied_has_unpacked_nothing(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """Without release.json, which is written last, only the installer may be unpacked."""
    (new / bundle_layout.RELEASE).unlink()
    unpacked.remove_unused([new], [old])
    assert there(unpacked) == AFTER


def test_a_bastion_without_programs(tmp_path: Path, old: Path) -> None:
    """Without unpacked programs, there is nothing to do."""
    assert UnpackedPrograms(tmp_path / "none", tmp_path / "none either").remove_unused([], [old]) == 0
