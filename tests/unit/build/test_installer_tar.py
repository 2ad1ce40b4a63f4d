"""The installer's tar holds the whole installer, with git and without."""

from __future__ import annotations

import shutil
from pathlib import Path

from bedplate.build.installer_tar import _git_files, _walk
from bedplate.core import paths

PACKAGE = "installer/bedplate"


def test_a_tree_without_git_is_packed_like_one_with_git(tmp_path: Path) -> None:
    """No package of the installer is taken for a cache or for what was built; both of these are left out."""
    tracked = {name for name in _git_files(paths.SOURCE) if name.startswith(f"{PACKAGE}/")}
    shutil.copytree(paths.SOURCE / PACKAGE, tmp_path / PACKAGE)
    for folder in ("build", ".mypy_cache", f"{PACKAGE}/.ruff_cache"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").touch()
    assert {name for name in _walk(tmp_path) if "__pycache__" not in name} == tracked
