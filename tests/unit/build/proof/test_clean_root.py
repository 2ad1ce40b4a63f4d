"""The hosts' packages are really installed, in a clean root."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.build.proof import clean_root
from bedplate.core.errors import ErrorList
from factories.package_release import deb, package_release


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mmdebstrap") is None, reason="needs root and mmdebstrap")
def test_a_real_installation_names_what_is_unmet(tmp_path: Path) -> None:
    """Real apt, in a clean root, from the bundle's own repository, says the same and nothing is noted as proved."""
    cache = Cache(tmp_path)
    contents = {"deb:web": deb("web", Depends="absent (>= 2)", Essential="yes")}
    release = package_release(cache, contents, {"deb:web": list(contents)})
    with pytest.raises(ErrorList, match=r"package web cannot be installed .*absent \(>= 2\)"):
        clean_root.prove_installation(release, ["web"], cache)
    assert not any((tmp_path / "proved").iterdir())
