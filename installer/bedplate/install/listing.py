"""Comparison of the files in a bundle's folder with its manifest, by path and size."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from .blob_content import COPY_AGAIN
from .manifest import UNSIGNED, ListedFile
from .refused import RefusedError

ALLOWED_FOLDERS = {"lost+found"}
"""Folders that a file system creates, if the bundle is at the root of a disk. They must be empty."""


def check_listing(bundle: Path, files: list[ListedFile]) -> None:
    """Refuse a file that is missing, additional, a link or of the wrong size, and any additional folder."""
    present, folders = _walk(bundle)
    wanted = {file.path: file.size for file in files}
    for path in sorted(present.keys() | wanted.keys()):
        if path not in wanted and path not in UNSIGNED:
            raise RefusedError(f"file {path}", "is in the bundle but not in its manifest", "remove it")
        if path in wanted and path not in present:
            raise RefusedError(f"file {path}", "is missing from the bundle", COPY_AGAIN)
        if path in wanted and present[path] != wanted[path]:
            fact = f"has {present[path]} bytes instead of {wanted[path]}"
            raise RefusedError(f"file {path}", fact, COPY_AGAIN)
    for folder in sorted(
        folders - ALLOWED_FOLDERS - {str(parent) for p in wanted for parent in PurePosixPath(p).parents}
    ):
        raise RefusedError(f"folder {folder}", "is in the bundle but not in its manifest", "remove it")


def _walk(bundle: Path) -> tuple[dict[str, int], set[str]]:
    """Return the size of every file, and the folders; refuse links and special files."""
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
