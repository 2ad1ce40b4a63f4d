"""A trial: run an area's tests against one mutant, in a copy of the tree."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from mutation.judge import Judge
from mutation.mutant import Mutant

LEFT_OUT = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
SHARED = (".venv", "build")
"""At the root only: the installer has a package named build."""


def copy_tree(tree: Path, to: Path) -> None:
    """Copy the tree; its virtual environment and its programs are shared."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        at_root = {".git", *SHARED} if Path(folder) == tree else set()
        return {*LEFT_OUT, *at_root} & {*names}

    shutil.copytree(tree, to, ignore=left_out, symlinks=True)
    for name in SHARED:
        if (tree / name).exists():
            (to / name).symlink_to((tree / name).resolve())


def is_killed(judge: Judge, copy: Path, mutant: Mutant, tests: Sequence[str], limit: float) -> bool:
    """Return whether a test fails, or none ends in time, with the mutant in its place.

    Args:
        judge: runs the tests.
        copy: its copy of the tree; it is as it was afterwards.
        mutant: the change.
        tests: what pytest runs.
        limit: seconds after which the tests count as failed.
    """
    file = copy / mutant.path
    text = file.read_text()
    file.write_text(mutant.apply(text))
    try:
        return judge.run(tests, limit) != 0
    finally:
        file.write_text(text)
