"""Install the hosts' packages into an empty folder, from the bundle's own repository alone.

There is no network, the repository is the one that the mirror will serve, and the package manager gets only the names
that components declare. So a missing package, or a failing installation, is found where it can be fixed.
"""

from __future__ import annotations

from collections.abc import Iterable

from bedplate.artifacts.cache import Cache
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core import digest, file_tree
from bedplate.core.errors import ErrorList
from bedplate.core.files import write_atomic
from bedplate.distributions.find_distribution import distribution_of_suite

FORM = 1
"""Raise it when this module proves something else."""


def prove_installation(release: ReleaseFile, packages: Iterable[str], cache: Cache) -> bool:
    """Install packages in a clean root; return False if the same was proved before.

    Args:
        release: the bundle's packages.
        packages: what components need on hosts.
        cache: has the packages, and keeps the proof.

    Raises:
        ErrorList: with what prevents the installation.
    """
    roots, blobs, distribution = sorted(packages), cache.root / "blobs/sha256", distribution_of_suite(release.suite)
    debs = sorted(a.sha256 for a in release.artifacts if a.kind == distribution.package_kind)
    note = cache.folder("proved") / digest.of({"form": FORM, "roots": roots, "debs": debs, "suite": release.suite})
    if note.is_file() or not roots:
        return False
    with cache.scratch() as folder:
        repository = folder / "repository"
        repository.mkdir()
        file_tree.ensure_tree(repository, distribution.repository_tree([release], blobs), blobs)
        if errors := distribution.try_installation(repository, roots, release.architecture, folder):
            raise ErrorList(errors)
    write_atomic(note, "installed\n")
    return True
