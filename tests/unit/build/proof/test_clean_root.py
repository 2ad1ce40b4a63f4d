"""The hosts' packages are really installed, in a clean root."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.build.proof import clean_root
from bedplate.core.errors import ErrorList
from factories import need_program, unavailable
from factories.package_release import deb, package_release


@pytest.mark.slow
def test_a_real_installation_names_what_is_unmet(tmp_path: Path) -> None:
    """Real apt, in a clean root, from the bundle's own repository, says the same and nothing is noted as proved."""
    need_program("mmdebstrap")
    if os.geteuid() != 0:
        unavailable("mmdebstrap installs packages as root, and this user is not root")
    cache = Cache(tmp_path)
    contents = {"deb:web": deb("web", Depends="absent (>= 2)", Essential="yes")}
    release = package_release(cache, contents, {"deb:web": list(contents)})
    with pytest.raises(ErrorList, match=r"package web cannot be installed .*absent \(>= 2\)"):
        clean_root.prove_installation(release, ["web"], cache)
    assert not any((tmp_path / "proved").iterdir())
