"""The installer that runs is the one that the release was signed with, file by file."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bedplate.config import bundle_layout
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.store import installed
from bedplate.store.installed import InstalledRelease
from bedplate.store.own_installer import check_installer, installer_digest
from factories import tiny_bundle

VERSION = "2026.11.0"


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InstalledRelease:
    """Install a tiny bundle, and run its installer."""
    tiny, root = tiny_bundle.make(tmp_path), tmp_path / "root"
    words: list[str | Path] = ["--publisher", tiny.key.with_name("key.pub"), "--root", root, "--no-packages"]
    subprocess.run([sys.executable, tiny.folder / "install", *words], capture_output=True, check=True)
    monkeypatch.setattr(paths, "SOURCE", root / "opt/bedplate/installer" / VERSION)
    return installed.read(root / "var/lib/bedplate/store", VERSION, tiny.publisher)


def test_the_releases_own_installer_is_accepted(release: InstalledRelease) -> None:
    """What the bastion adds (an environment, a stamp, bytecode) is no difference."""
    (paths.SOURCE / ".venv/bin").mkdir(exist_ok=True)
    (paths.SOURCE / ".venv/bin/any").touch()
    check_installer(release)
    assert installer_digest() == release.release.installer


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "another release's installer": (lambda tree: (tree / ".digest").write_text("0" * 64), "is not the one that"),
    "a checkout": (lambda tree: (tree / ".digest").unlink(), "is not the one that"),
    "an edited file": (lambda tree: (tree / "bedplate").write_text("x"), r"file bedplate in .* is not as release"),
    "a missing file": (lambda tree: (tree / "bedplate").unlink(), r"file bedplate in .* is not as release"),
    "a role of one's own": (lambda tree: (tree / "mine.yml").touch(), r"file mine\.yml in .* is not as release"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_other_is_refused(release: InstalledRelease, change: str) -> None:
    """The error names the first file that differs, and says to install the bundle again."""
    make, fact = CHANGES[change]
    make(paths.SOURCE)
    with pytest.raises(BedplateError, match=fact) as caught:
        check_installer(release)
    assert "run `python3 BUNDLE/install --publisher FILE` with the bundle of release 2026.11.0" in caught.value.hint


@pytest.mark.parametrize("content", [b"", None])
def test_the_proof_needs_the_signed_tar(release: InstalledRelease, content: bytes | None) -> None:
    """A corrupted or missing tar proves nothing."""
    blob = release.store / bundle_layout.blob_path(release.release.installer)
    blob.unlink()
    if content is not None:
        blob.write_bytes(content)
    with pytest.raises(BedplateError, match=r"is missing from .*, or corrupted"):
        check_installer(release)
