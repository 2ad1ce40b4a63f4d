"""The files that are in the bundle's folder, compared with the manifest."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from .manifest import UNSIGNED, File
from .refused import RefusedError

ALLOWED_FOLDERS = {"lost+found"}
"""What a file system makes itself, where a bundle is the only thing on a disk; it has to be empty."""


def check_listing(bundle: Path, files: list[File]) -> None:
    """Refuse a missing, additional or linked file, one of another size, and a folder that holds nothing."""
    found, folders = _walk(bundle)
    wanted = {file.path: file.size for file in files}
    for path in sorted(found.keys() | wanted.keys()):
        if path not in wanted and path not in UNSIGNED:
            raise RefusedError(f"file {path}", "is in the bundle but not in its manifest", "remove it")
        if path in wanted and path not in found:
            raise RefusedError(f"file {path}", "is missing from the bundle", "carry the bundle in again")
        if path in wanted and found[path] != wanted[path]:
            fact = f"has {found[path]} bytes in place of {wanted[path]}"
            raise RefusedError(f"file {path}", fact, "carry the bundle in again")
    for folder in sorted(
        folders - ALLOWED_FOLDERS - {str(parent) for p in wanted for parent in PurePosixPath(p).parents}
    ):
        raise RefusedError(f"folder {folder}", "is in the bundle but not in its manifest", "remove it")


def _walk(bundle: Path) -> tuple[dict[str, int], set[str]]:
    """Return the size of every file, and the folders; links and special files are refused."""
    sizes: dict[str, int] = {}
    inner: set[str] = set()
    for folder, folders, names in os.walk(bundle):
        for name in (*folders, *names):
            path = Path(folder) / name
            state, relative = path.lstat(), str(path.relative_to(bundle))
            if stat.S_ISREG(state.st_mode):
                sizes[relative] = state.st_size
            elif stat.S_ISDIR(state.st_mode):
                inner.add(relative)
            else:
                raise RefusedError(f"file {relative}", "is a link or a special file", "remove it")
    return sizes, inner
