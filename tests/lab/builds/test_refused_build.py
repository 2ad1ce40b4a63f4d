"""Incomplete releases: no bundle is built, and the error says what is missing and where it is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from factories import ROOT
from factories.running_lab import RunningLab

LEAK = (
    "image registry.example.org/team/helper:1.2 is not in the bundle; component leaky names it in "
    'ConfigMap/kube-system/leaky, data."settings.json"(json).jobs[0].template(yaml).spec.containers[0].image'
)
UNMET = ("package gpg-agent ", " needs libnpth0 ", "which the bundle does not have")


@pytest.fixture
def tree(lab: RunningLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a release `broken` in its own tree, made of the lab's release and lock."""
    version = lab.site.environment.release
    tree = shutil.copytree(ROOT / "tests/data/leaky", tmp_path / "tree")
    folder = shutil.copytree(ROOT / "releases" / version, tree / "releases/broken")
    lock = f"/opt/bedplate/installer/{version}/releases/{version}/release.lock"
    (folder / "release.lock").write_text(lab.inside("cat", lock))
    monkeypatch.setenv("BEDPLATE_TREES", str(tree))
    return folder


def _leaks(folder: Path) -> None:
    file = folder / "release.yaml"
    file.write_text(file.read_text() + "  leaky: 1.0.0\n")


def _lacks_a_package(folder: Path) -> None:
    def without(ids: list[str]) -> list[str]:
        return [name for name in ids if not name.startswith("deb:libnpth0_")]

    file = folder / "release.lock"
    lock: dict[str, Any] = json.loads(file.read_bytes())
    lock["sets"] = {name: without(ids) for name, ids in lock["sets"].items()}
    file.write_text(json.dumps(lock))


@pytest.mark.parametrize(("damage", "words"), [(_leaks, [LEAK]), (_lacks_a_package, UNMET)])
def test_an_incomplete_release_is_not_built(
    lab: RunningLab, tree: Path, tmp_path: Path, damage: Callable[[Path], None], words: list[str]
) -> None:
    """Exit code 1, an error that names what is missing and where it is needed, and nothing is written."""
    damage(tree)
    out, key = tmp_path / "bundle", lab.lab.folder / "publisher/id_ed25519"
    done = lab.bedplate("bundle", "build", "broken", "--out", str(out), "--key", str(key))
    assert done.returncode == 1, done.stderr
    assert all(word in done.stderr for word in words), done.stderr
    assert not out.exists()
