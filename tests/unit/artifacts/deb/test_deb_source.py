from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.deb.deb_source import DebSource
from bedplate.artifacts.image.image_source import ImageSource
from bedplate.artifacts.relock import relock
from bedplate.artifacts.source_kind import Context
from bedplate.config.release_lock import Lock, set_name
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.distributions.debian.apt import apt_preferences
from bedplate.distributions.debian.apt_repository import KIND
from factories.tiny_apt import TinyRepository
from factories.tiny_release import component, context, host_component, image

pytestmark = pytest.mark.slow

TOOL = set_name(KIND, ["tool"])


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyRepository:
    """A repository with a tool that needs a library, and something that is not needed."""
    made = TinyRepository(tmp_path, monkeypatch)
    made.add("tool", "1.0-1", depends="library (>= 1.0)")
    made.add("library", "1:1.0-1")
    made.add("other", "1")
    return made


@pytest.fixture
def locked(repository: TinyRepository, tmp_path: Path) -> Context:
    """A release with the tool on its hosts and in an image, locked."""
    assert repository
    blank = context(tmp_path, host_component(["tool"]), component("tool", images=[image(debs=["tool"])]))
    return blank.with_lock(_lock(blank))


def _lock(blank: Context) -> Lock:
    debs = DebSource().resolve(blank)
    lock = Lock(release="2026.1.0", entries=debs.entries, sets=debs.sets)
    images = ImageSource().resolve(blank.with_lock(lock)).entries
    return Lock(release=lock.release, entries=sorted([*lock.entries, *images], key=lambda e: e.id), sets=lock.sets)


def test_closure_is_exact(locked: Context) -> None:
    """A set holds the essential packages and all its roots need, from an empty system, and nothing else."""
    names = {locked.lock.by_id[entry].pin["package"] for entry in locked.lock.sets[TOOL]}
    assert names == {"base-files", "usr-is-merged", "tool", "library"}
    assert {locked.lock.by_id[entry].pin["package"] for entry in locked.lock.sets["deb:"]} == {
        "base-files",
        "usr-is-merged",
    }


def test_pin_names_the_file(locked: Context, repository: TinyRepository) -> None:
    """A pin has version, digest and the file name in the repository; the output is known from it."""
    entry = locked.lock.by_id["deb:tool_1.0-1_all"]
    assert entry.pin["filename"] == "tool_1.0-1_all.deb"
    assert entry.pin["sha256"] == digest.of_file(repository.folder / "tool_1.0-1_all.deb")
    assert entry.output
    assert entry.output.size == (repository.folder / "tool_1.0-1_all.deb").stat().st_size
    assert "deb:library_1:1.0-1_all" in locked.lock.by_id


def test_one_build_fetches_all(locked: Context) -> None:
    """Building one package fetches every package of the lock, each verified by its digest."""
    DebSource().build(locked.lock.by_id["deb:tool_1.0-1_all"], locked)
    packages = [entry for entry in locked.lock.entries if entry.kind == "deb"]
    assert all(entry.output and locked.cache.has(entry.output.sha256) for entry in packages)


def test_locked_versions_stay(locked: Context, repository: TinyRepository) -> None:
    """Locking again keeps what is locked, and resolves only a package that is named."""
    repository.add("tool", "1.1-1", depends="library (>= 1.0)")
    again = replace(locked, previous=locked.lock)
    assert DebSource().resolve(again).sets == locked.lock.sets
    updated = DebSource().resolve(replace(again, update=frozenset({"tool"})))
    assert "deb:tool_1.1-1_all" in updated.sets[TOOL]
    assert "deb:library_1:1.0-1_all" in updated.sets[TOOL]


def test_vanished_package_is_named(locked: Context, repository: TinyRepository) -> None:
    """A build refuses a package that the repository dropped and names the command that fixes it."""
    repository.add("tool", "1.1-1", depends="library (>= 1.0)")
    with pytest.raises(
        BedplateError, match=r"tool_1\.0-1_all is gone from the repository\n  hint: run `bedplate lock --update tool`"
    ):
        DebSource().build(locked.lock.by_id["deb:tool_1.0-1_all"], locked)


def test_changed_content_is_refused(locked: Context, repository: TinyRepository) -> None:
    """A package of the locked version with other content never comes into the cache."""
    repository.add("tool", "1.0-1", depends="library")
    with pytest.raises(BedplateError, match="not the same in the repository"):
        DebSource().build(locked.lock.by_id["deb:tool_1.0-1_all"], locked)


def test_relock_changes_only_what_vanished(locked: Context, repository: TinyRepository) -> None:
    """A derived lock replaces vanished packages alone, says which, is labelled, and renews the images' recipes."""
    assert relock(locked).changed == {}
    repository.add("tool", "1.1-1", depends="library (>= 1.0)")
    derived = relock(locked)
    assert derived.changed == {"tool": ("1.0-1", "1.1-1")}
    assert derived.lock.release == "2026.1.0+relock"
    image_id = "image:registry.lab.bedplate.test/tool:v1"
    assert derived.lock.by_id[image_id].recipe != locked.lock.by_id[image_id].recipe
    assert {e for e in derived.lock.by_id if e.startswith("deb:library")} == {"deb:library_1:1.0-1_all"}


def test_relock_leaves_cached_packages(locked: Context, repository: TinyRepository) -> None:
    """A package that is gone from the repository but is in the cache is not relocked."""
    DebSource().build(locked.lock.by_id["deb:tool_1.0-1_all"], locked)
    repository.add("tool", "1.1-1", depends="library (>= 1.0)")
    assert relock(locked).lock == locked.lock
    elsewhere = replace(locked, cache=Cache(locked.cache.root.parent / "empty"))
    assert relock(elsewhere).changed


def test_preferences_take_one_suite_only() -> None:
    """Pinned versions win, then the suite with its updates and security fixes; no other source is looked at."""
    text = apt_preferences("bookworm", {"tool": "1.0"})
    priorities = [block.splitlines() for block in text.strip().split("\n\n")]
    assert priorities[0] == ["Package: tool", "Pin: version 1.0", "Pin-Priority: 1001"]
    assert [lines[1].rpartition("=")[2] for lines in priorities[1:4]] == [
        "bookworm",
        "bookworm-updates",
        "bookworm-security",
    ]
    assert priorities[-1] == ["Package: *", "Pin: release *", "Pin-Priority: -10"]
