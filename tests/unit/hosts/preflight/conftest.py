"""The environment of the preflight's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bedplate.config import environments
from bedplate.config.environments import Site
from factories import DATA


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Return the good environment, loaded."""
    shutil.copytree(DATA / "environments/good", tmp_path / "site")
    return environments.load(tmp_path / "site")
