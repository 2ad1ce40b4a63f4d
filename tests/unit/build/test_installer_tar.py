"""The installer's tar holds the whole installer, with git and without."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bedplate.build.installer_tar import _git_files, _tree, _walk
from bedplate.core import paths
from bedplate.core.errors import InputError

PACKAGE = "installer/bedplate"


def test_a_tree_without_git_is_packed_like_one_with_git(tmp_path: Path) -> None:
    """No package of the installer is taken for a cache or for what was built; both of these are left out."""
    tracked = {name for name in _git_files(paths.SOURCE) if name.startswith(f"{PACKAGE}/")}
    shutil.copytree(paths.SOURCE / PACKAGE, tmp_path / PACKAGE)
    for folder in ("build", ".mypy_cache", f"{PACKAGE}/.ruff_cache"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "file").touch()
    assert {name for name in _walk(tmp_path) if "__pycache__" not in name} == tracked


def test_a_link_that_stays_inside_is_packed(tmp_path: Path) -> None:
    """A relative link between files of the tree is one of its files."""
    (tmp_path / "page").touch()
    (tmp_path / "again").symlink_to("page")
    assert dict(_tree(tmp_path, "a/")) == {"a/page": tmp_path / "page", "a/again": tmp_path / "again"}


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside"])
def test_a_link_that_leads_outside_is_refused(tmp_path: Path, target: str) -> None:
    """A build says so, and does not leave it to the installation on a bastion, which would refuse the bundle."""
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(InputError, match=f"is a link to {target}, which leads out of the tree"):
        list(_tree(tmp_path, ""))
