"""The files that are in the bundle's folder, compared with the manifest."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from .manifest import UNSIGNED, File
from .refused import RefusedError


def check_listing(bundle: Path, files: list[File]) -> None:
    """Refuse a missing, additional or linked file, or one of another size."""
    found = _sizes(bundle)
    wanted = {file.path: file.size for file in files}
    for path in sorted(found.keys() | wanted.keys()):
        if path not in wanted and path not in UNSIGNED:
            raise RefusedError(f"file {path}", "is in the bundle but not in its manifest", "remove it")
        if path in wanted and path not in found:
            raise RefusedError(f"file {path}", "is missing from the bundle", "carry the bundle in again")
        if path in wanted and found[path] != wanted[path]:
            fact = f"has {found[path]} bytes in place of {wanted[path]}"
            raise RefusedError(f"file {path}", fact, "carry the bundle in again")


def _sizes(bundle: Path) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for folder, folders, names in os.walk(bundle):
        for name in (*folders, *names):
            path = Path(folder) / name
            state = path.lstat()
            if stat.S_ISREG(state.st_mode):
                sizes[str(path.relative_to(bundle))] = state.st_size
            elif not stat.S_ISDIR(state.st_mode):
                raise RefusedError(f"file {path.relative_to(bundle)}", "is a link or a special file", "remove it")
    return sizes
