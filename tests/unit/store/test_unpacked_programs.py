"""What releases have unpacked goes when none of them names it and nothing leads to it."""

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
    """A bastion's places: two releases, of which the second is installed."""
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
    """Put a release's file into a store: its installer's programs, and those of hosts, which roles unpack."""
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
    """The first release's folder in the store."""
    return release(tmp_path / "store", OLD, {"tool": "1.0"}, {"server": "3.0.0"})


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """The second one's."""
    return release(tmp_path / "store", NEW, {"tool": "1.1"}, {"server": "3.1.0"})


def there(unpacked: UnpackedPrograms) -> list[str]:
    """Return the versions that are unpacked, and whatever else lies beside them."""
    found = unpacked.opt.glob("*/*")
    return sorted(str(path.relative_to(unpacked.opt)) for path in found if not path.is_symlink())


AFTER = [f"installer/{NEW}", "server/3.1.0", "tool/1.1"]


def test_names_programs_of_installer_and_hosts(old: Path) -> None:
    """A host's program is in a file that ends in its component's version."""
    assert unpacked_by(old) == {("installer", OLD), ("tool", "1.0"), ("server", "3.0.0")}


def test_removes_what_no_release_names(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """The old installer and the old programs go; a second run finds nothing."""
    assert unpacked.remove_unused([new], [old]) == 3
    assert there(unpacked) == AFTER
    assert (unpacked.commands / "tool").read_text() == NEW
    assert unpacked.remove_unused([new], [old]) == 0


def test_keeps_what_another_release_names(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """While the old release stays in the store, so does all of its own, linked or not."""
    before = there(unpacked)
    assert unpacked.remove_unused([old, new], []) == 0
    assert there(unpacked) == before


def test_keeps_what_a_link_leads_to(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """The installed release's removal leaves what runs: the links lead there, one of them through another."""
    assert unpacked.remove_unused([old], [new]) == 0
    (unpacked.opt / "tool/current").unlink()
    (unpacked.opt / "tool/mine").symlink_to("round")
    (unpacked.opt / "tool/round").symlink_to("mine")
    assert unpacked.remove_unused([old], [new]) == 1
    assert not (unpacked.opt / "tool/1.1").exists()


def test_keeps_the_running_installer(
    unpacked: UnpackedPrograms, old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No program removes itself, wherever `bedplate` leads."""
    monkeypatch.setattr(paths, "SOURCE", unpacked.opt / "installer" / OLD)
    assert unpacked.remove_unused([new], [old]) == 2
    assert there(unpacked) == [f"installer/{OLD}", *AFTER]


def test_later_it_takes_what_was_linked_before(
    unpacked: UnpackedPrograms, old: Path, new: Path, tmp_path: Path
) -> None:
    """What stayed as something led there goes with a later removal, though its own release is long gone."""
    shutil.rmtree(new)
    third = release(tmp_path / "store", "2026.11.2", {"tool": "1.2"}, {"server": "3.2.0"})
    (unpacked.commands / "bedplate").unlink()
    assert unpacked.remove_unused([third], [old]) == 4
    assert there(unpacked) == ["server/3.1.0", "tool/1.1"]


def test_leaves_what_is_no_releases(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """A component that no release names, a file, and a hidden folder are somebody else's."""
    others = ["mirror/replicate.py", "stranger/1.0/bin/x", f"installer/.{NEW}.new/x", "tool/note"]
    for path in others:
        (unpacked.opt / path).parent.mkdir(parents=True, exist_ok=True)
        (unpacked.opt / path).touch()
    unpacked.remove_unused([new], [old])
    assert all((unpacked.opt / path).exists() for path in others)


def test_goes_on_after_a_kill(
    unpacked: UnpackedPrograms, old: Path, new: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped inside any folder, what is left of it has no version's name, and the next run takes it."""
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
    """A kept release that cannot be read may need anything; of one that goes the rest may be read no more."""
    before = there(unpacked)
    (new / bundle_layout.RELEASE).write_text("{")
    with pytest.raises(BedplateError, match=r"has no release\.json that can be read\n  hint: carry its bundle in"):
        unpacked.remove_unused([new], [old])
    assert there(unpacked) == before
    assert unpacked.remove_unused([old], [new]) == 0


def test_a_release_that_is_still_copied_has_unpacked_nothing(unpacked: UnpackedPrograms, old: Path, new: Path) -> None:
    """release.json comes last: without it only the installer's name is known, and the others can go on."""
    (new / bundle_layout.RELEASE).unlink()
    unpacked.remove_unused([new], [old])
    assert there(unpacked) == AFTER


def test_a_bastion_without_programs(tmp_path: Path, old: Path) -> None:
    """Nothing was unpacked: nothing is to be done."""
    assert UnpackedPrograms(tmp_path / "none", tmp_path / "none either").remove_unused([], [old]) == 0
