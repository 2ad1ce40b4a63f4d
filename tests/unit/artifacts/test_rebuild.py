"""`bundle build --check`: everything is built again, and compared with the lock."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bedplate import cli
from bedplate.artifacts import resolve
from bedplate.build.build_bundle import build_bundle
from bedplate.bundle import publisher_signature
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Output
from factories import least_release
from factories.least_release import FILE, IMAGE, VERSION

SAME = {FILE: "same", IMAGE: "same"}


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Return a release that was built once, with its outputs in the lock."""
    found = least_release.make(tmp_path / "tree", tmp_path / "cache", monkeypatch)
    publisher_signature.new_key(tmp_path / "key")
    build_bundle(found, tmp_path / "bundle", tmp_path / "key", record=True)
    return found


def _lock(release: Catalog, name: str, output: Output | None) -> None:
    """Change one artifact's output in the lock."""
    lock = release.lock()
    entries = [e.model_copy(update={"output": output}) if e.id == name else e for e in lock.entries]
    resolve.write_lock(lock.model_copy(update={"entries": entries}), release.folder)


def _nothing(_: Catalog) -> None:
    """Change nothing."""


def _another(release: Catalog) -> None:
    _lock(release, IMAGE, Output(sha256="0" * 64, size=1))


def _unrecorded(release: Catalog) -> None:
    _lock(release, IMAGE, None)


def _gone(release: Catalog) -> None:
    (release.folders["hello"] / "hello.sh").unlink()


@pytest.mark.parametrize(
    ("change", "code", "verdicts"),
    [
        (_nothing, 0, SAME),
        (_another, 1, {**SAME, IMAGE: "different"}),
        (_unrecorded, 1, {**SAME, IMAGE: "not recorded"}),
        (_gone, 1, {FILE: "failed", IMAGE: "failed"}),
    ],
)
def test_each_artifact_gets_its_verdict(
    release: Catalog, change: Callable[[Catalog], None], code: int, verdicts: dict[str, str]
) -> None:
    """What differs, fails or was never recorded is named, and only a whole agreement ends with 0."""
    change(release)
    done = CliRunner().invoke(cli.build(["bundle"]), ["bundle", "build", VERSION, "--check", "--output", "json"])
    assert done.exit_code == code, done.output
    found = json.loads(done.stdout)["artifacts"]
    assert {one["id"]: one["verdict"] for one in found} == verdicts
    assert all(len(one["made"]) == 64 for one in found if one["verdict"] != "failed")


def test_a_pattern_chooses(release: Catalog) -> None:
    """Only matching entries are built again, and a pattern that matches nothing is an error."""
    words = ["bundle", "build", release.release.version, "--check", "--output", "json", "--only"]
    done = CliRunner().invoke(cli.build(["bundle"]), [*words, "file:*"])
    assert [one["id"] for one in json.loads(done.stdout)["artifacts"]] == [FILE]
    assert "matches no entry of the lock" in str(
        CliRunner().invoke(cli.build(["bundle"]), [*words, "rust:*"]).exception
    )
