"""Test factories: small releases, bundles, environments, objects and servers; and the paths of test data."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).parents[2]
"""The root of this repository."""
DATA = ROOT / "tests/data"
UPSTREAM = ROOT.parent / "shared/upstream"
"""Real manifests of other projects, in a folder next to the checkout."""


def unavailable(what: str) -> NoReturn:
    """Skip a test that needs what this machine does not have; in CI, which must have everything, fail it.

    Args:
        what: a sentence that says what is missing and where it is expected.
    """
    if os.environ.get("CI"):
        pytest.fail(f"CI must have it: {what}", pytrace=False)
    pytest.skip(what)


def need_program(name: str) -> None:
    """Skip a test that needs a program that this machine does not have; in CI, fail it."""
    if shutil.which(name) is None:
        unavailable(f"the program {name} is not in PATH; install it")


def upstream(name: str) -> Path:
    """Return a real manifest of another project."""
    path = UPSTREAM / name
    if not path.is_file():
        unavailable(f"{path} does not exist; copy it there")
    return path
