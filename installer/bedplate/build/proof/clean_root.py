"""The hosts' packages, really installed: into an empty folder, by apt, out of the bundle's own repository alone.

The network is left behind, the repository is the very tree that the mirror will serve, and apt gets only the names
that components declare. So a package that is missing, or whose installation fails, is found where it can be mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.deb import mmdebstrap
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core import digest, file_tree
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.core.files import write_atomic
from bedplate.store import apt_repository

FORM = 1
"""Raised when this module proves something else."""
UNMET = re.compile(r"^ ?(?P<package>[a-z0-9][a-z0-9+.-]+) : (?P<need>(?:Pre)?-?Depends: .+)$", re.MULTILINE)
MISSING = re.compile(r"^E: (?:Unable to locate package |Package ')(?P<package>[a-z0-9+.-]+)", re.MULTILINE)


def prove_installation(release: ReleaseFile, packages: Iterable[str], cache: Cache) -> bool:
    """Install packages in a clean root; return False where just this was proved before.

    Args:
        release: the bundle's packages.
        packages: what components want on hosts.
        cache: has the packages, and keeps the proof.
    """
    roots, blobs = sorted(packages), cache.root / "blobs/sha256"
    debs = sorted(artifact.sha256 for artifact in release.artifacts if artifact.kind == "deb")
    note = cache.folder("proved") / digest.of({"form": FORM, "roots": roots, "debs": debs, "suite": release.suite})
    if note.is_file() or not roots:
        return False
    with cache.scratch() as folder:
        repository = folder / "apt"
        repository.mkdir()
        file_tree.ensure_tree(repository, apt_repository.apt_tree([release], blobs), blobs)
        _install(repository, roots, release, folder)
    write_atomic(note, "installed\n")
    return True


def _install(repository: Path, roots: list[str], release: ReleaseFile, folder: Path) -> None:
    done = mmdebstrap.try_root(
        repository, apt_repository.SUITE, apt_repository.COMPONENT, roots, release.architecture, folder
    )
    if done.returncode == 0:
        return
    output = (done.stdout + done.stderr).decode(errors="replace")
    if errors := list(failures(output)):
        raise ErrorList(errors)
    tail = "\n".join(output.splitlines()[-20:])
    raise BedplateError("installation of the hosts' packages", f"failed in a clean root:\n{tail}", "bedplate lock")


def failures(output: str) -> list[BedplateError]:
    """Return what apt says is missing, as errors."""
    step = "bedplate lock"
    found = {(match["package"], match["need"]) for match in UNMET.finditer(output)}
    unmet = [
        BedplateError(f"package {package}", f"cannot be installed from the bundle alone: {need}", step)
        for package, need in sorted(found)
    ]
    absent = sorted({match["package"] for match in MISSING.finditer(output)})
    return unmet + [BedplateError(f"package {name}", "is not in the bundle", step) for name in absent]
