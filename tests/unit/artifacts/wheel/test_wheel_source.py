from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.source_kind import Context
from bedplate.artifacts.wheel import wheel_source
from bedplate.artifacts.wheel.pip import platforms
from bedplate.artifacts.wheel.wheel_source import WheelSource, runtime_requirements
from bedplate.artifacts.wheel.wheel_target import INSTALLER
from bedplate.config.release_lock import Lock
from bedplate.core import digest
from bedplate.distributions.find_distribution import find_distribution
from factories.tiny_release import component, context, image
from factories.tiny_wheel import make_wheel

pytestmark = pytest.mark.slow

APP = "wheel:app"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of wheels that real pip on this machine is pointed at: an app, its library, an installer's tool."""
    folder = tmp_path_factory.mktemp("index")
    make_wheel(folder, "app", "1.0", requires="library>=1")
    make_wheel(folder, "library", "1.0")
    tool = make_wheel(folder, "tool", "2.0")
    runtime = folder / "runtime.txt"
    runtime.write_text(f"# made by a tool\ntool==2.0 \\\n    --hash=sha256:{digest.of_file(tool)}\n    # via x\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_NO_INDEX", "1")
        patch.setenv("PIP_FIND_LINKS", str(folder))
        patch.setattr(wheel_source, "RUNTIME", runtime)
        yield folder


@pytest.fixture(scope="module")
def locked(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Context:
    """A release with an image that has the app, locked before any newer wheel is there."""
    assert index
    folder = tmp_path_factory.mktemp("release")
    blank = context(folder, component(images=[image(debs=["python3"], wheels=["app"])]))
    found = WheelSource().resolve(blank)
    return blank.with_lock(Lock(release="2026.1.0", entries=found.entries, sets=found.sets))


def test_closure_has_what_requirements_need(locked: Context) -> None:
    """An image's set holds its requirements and what they need; the installer's holds its pinned wheels."""
    assert locked.lock.sets == {
        APP: ["wheel:app-1.0-py3-none-any.whl", "wheel:library-1.0-py3-none-any.whl"],
        INSTALLER: ["wheel:tool-2.0-py3-none-any.whl"],
    }


def test_pin_is_the_file(locked: Context, index: Path) -> None:
    """A wheel is pinned by name, version, file name and digest."""
    file = index / "app-1.0-py3-none-any.whl"
    entry = locked.lock.by_id[f"wheel:{file.name}"]
    assert entry.pin == {"name": "app", "version": "1.0", "filename": file.name, "sha256": digest.of_file(file)}


def test_one_build_fetches_all(locked: Context, tmp_path: Path) -> None:
    """Building one wheel into an empty cache fetches every wheel of the lock by its hash."""
    where = replace(locked, cache=Cache(tmp_path / "empty"))
    WheelSource().build(where.lock.entries[0], where)
    assert all(entry.output and where.cache.has(entry.output.sha256) for entry in where.lock.entries)


@pytest.mark.parametrize(
    ("update", "versions"),
    [((), ["1.0", "1.0"]), (("library",), ["1.0", "1.1"]), (("tool",), ["1.1", "1.1"])],
)
def test_locked_versions_stay(locked: Context, index: Path, update: tuple[str, ...], versions: list[str]) -> None:
    """Locking again keeps what is locked; a wheel or a component (tool) is renewed by its name."""
    make_wheel(index, "app", "1.1", requires="library>=1")
    make_wheel(index, "library", "1.1")
    again = WheelSource().resolve(replace(locked, previous=locked.lock, update=frozenset(update)))
    assert [entry.split("-")[1] for entry in again.sets[APP]] == versions


def test_runtime_requirements_are_whole_lines(index: Path) -> None:
    """Each of the installer's requirements is one line with its hashes; comments are gone."""
    assert index
    (line,) = runtime_requirements()
    assert line.startswith("tool==2.0 --hash=sha256:")


def test_platforms_are_the_hosts() -> None:
    """Wheels for Debian 12's C library and older are taken, newer ones are not."""
    tags = platforms(find_distribution("debian"))
    assert tags[0] == "manylinux_2_36_x86_64"
    assert {"manylinux_2_17_x86_64", "manylinux2014_x86_64", "linux_x86_64"} <= set(tags)
    assert "manylinux_2_37_x86_64" not in tags
