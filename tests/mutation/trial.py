"""A trial: run an area's tests against one mutant, in a copy of the tree."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mutation.judge import Judge
from mutation.mutant import Mutant

LEFT_OUT = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")
SHARED = (".venv", "build")
"""At the root only: the installer has a package named build."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a mutant has to survive.

    Attributes:
        tests: what pytest runs.
        limit: seconds after which the tests are ended.
        only: the ids of the tests that run the mutant's line; None if that is not known, and all run.
    """

    tests: Sequence[str]
    limit: float
    only: Sequence[str] | None = None


def copy_tree(tree: Path, to: Path) -> None:
    """Copy the tree; its virtual environment and its programs are shared."""

    def left_out(folder: str, names: list[str]) -> set[str]:
        at_root = {".git", *SHARED} if Path(folder) == tree else set()
        return {*LEFT_OUT, *at_root} & {*names}

    shutil.copytree(tree, to, ignore=left_out, symlinks=True)
    for name in SHARED:
        if (tree / name).exists():
            (to / name).symlink_to((tree / name).resolve())


def try_mutant(judge: Judge, copy: Path, mutant: Mutant, trial: Trial) -> int:
    """Return pytest's exit code with the mutant in its place: 0 where all tests pass.

    Args:
        judge: runs the tests.
        copy: its copy of the tree; it is as it was afterwards.
        mutant: the change.
        trial: what the mutant has to survive.
    """
    if not trial.only and trial.only is not None:
        return 0
    file = copy / mutant.path
    text = file.read_text()
    file.write_text(mutant.apply(text))
    try:
        return judge.run(trial.tests, trial.limit, trial.only)
    finally:
        file.write_text(text)
