"""What tests of several files stand on."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.delta.delta_layout import DATA
from factories import two_bundles
from factories.own_cache import Built
from factories.two_bundles import Sides


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    """Build a release whose components are the test's own."""
    monkeypatch.setenv("BEDPLATE_TREES", str(tmp_path))
    return Built(tmp_path)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty working folder and a cache of its own."""
    monkeypatch.setenv("BEDPLATE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give a folder in memory: what is flushed to a disk at every step would take most of the time."""
    inside = Path("/dev/shm")  # noqa: S108  the folder in it is this test's own
    with tempfile.TemporaryDirectory(dir=inside if inside.is_dir() else tmp_path_factory.getbasetemp()) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def made(memory: Path) -> tuple[Sides, Path, Path]:
    """Make a publisher, a site, and two bundles of which the site has the first."""
    sides = two_bundles.sides(memory / "made")
    chance = random.Random(7)  # noqa: S311  seeded on purpose
    old = two_bundles.content(chance)
    return sides, sides.bundle("old", old), sides.bundle("new", two_bundles.changed(old, chance))


@pytest.fixture(scope="module")
def parts(made: tuple[Sides, Path, Path]) -> Path:
    """Write a delta of four parts, and the same in one."""
    sides, old, new = made
    sides.delta(new, old, "whole")
    size = (sides.root / f"whole/part-001-of-001/{DATA}").stat().st_size
    head = sum(path.stat().st_size for path in (sides.root / "whole/part-001-of-001").iterdir()) - size
    return sides.delta(new, old, "parts", head + 1500 + size // 4)
