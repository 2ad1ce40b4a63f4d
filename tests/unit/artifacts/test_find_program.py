"""Programs that the installer runs itself: of the release, not of the one that was installed last."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.artifacts import find_program
from bedplate.artifacts.load_release import load_release
from bedplate.core.errors import BedplateError


@pytest.mark.parametrize(
    ("installed", "found"), [(["5.8.2", "9.9.9"], "5.8.2"), (["9.9.9"], "current"), (["5.8.2"], "5.8.2")]
)
def test_a_releases_own_version_is_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installed: list[str], found: str
) -> None:
    """An environment that stays at its release is rendered by that release's kustomize after the next one arrived."""
    monkeypatch.setattr(find_program, "INSTALLED", tmp_path)
    for version in installed:
        program = tmp_path / "kustomize" / version / "bin/kustomize"
        program.parent.mkdir(parents=True)
        program.touch()
    (tmp_path / "kustomize/current").symlink_to(installed[-1])
    catalog = load_release("2026.11.0")
    assert find_program.find_program("kustomize", "kustomize", catalog) == tmp_path / f"kustomize/{found}/bin/kustomize"


def test_a_program_that_is_nowhere_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says where it was looked for."""
    monkeypatch.setattr(find_program, "INSTALLED", tmp_path)
    with pytest.raises(BedplateError, match=f"is neither in {tmp_path}/nothing/current/bin"):
        find_program.find_program("nothing", "nothing")
