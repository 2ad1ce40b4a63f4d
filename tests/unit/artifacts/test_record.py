"""Recording: what comes out of a build is written down, and the next build has the same digest."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from bedplate.artifacts import resolve
from bedplate.artifacts.go import go_licences
from bedplate.build.build_bundle import build_bundle
from bedplate.bundle import publisher_signature
from bedplate.config import bundle_layout
from bedplate.config.catalog import Catalog
from factories import least_release
from factories.least_release import VERSION


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Return a locked release of which nothing was ever built, in a tree of its own."""
    return least_release.make(tmp_path / "tree", tmp_path / "cache", monkeypatch)


def test_one_recording_gives_the_digest_of_the_next_build(release: Catalog, tmp_path: Path) -> None:
    """The carried installer has what was recorded, so a third build is not needed."""
    publisher_signature.new_key(tmp_path / "key")
    recorded = build_bundle(release, tmp_path / "recorded", tmp_path / "key", record=True)
    assert all(entry.output for entry in release.lock().entries)
    with tarfile.open(recorded.folder / bundle_layout.blob_path(recorded.release.installer)) as tar:
        names = tar.getnames()
    assert {f"releases/{VERSION}/{name}" for name in (resolve.FILE, go_licences.FILE)} <= {*names}
    assert build_bundle(release, tmp_path / "plain", tmp_path / "key").digest == recorded.digest
