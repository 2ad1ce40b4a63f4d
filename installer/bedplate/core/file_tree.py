"""A declared tree of files: compare it with a folder, or make the folder match it."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bedplate.core.files import link_blob, write_atomic


@dataclass(frozen=True, slots=True)
class BlobLink:
    """A file that is a hard link to a blob, or a copy if the blob is on another file system."""

    sha256: str


TreeFile = BlobLink | bytes
"""A link to a blob, or the content of a small file."""
WRITERS = 64
"""Threads that write small files: each waits for the disk, and the disk can serve many waits at once."""
FileTree = Mapping[str, TreeFile]
"""Content by relative path."""


def check_tree(root: Path, tree: FileTree, blobs: Path) -> list[str]:
    """Return the paths that differ from the tree: missing, different, or not declared."""
    wrong = [path for path, node in tree.items() if not _is_right(root / path, node, blobs)]
    return sorted([*wrong, *(_present(root) - tree.keys())])


def ensure_tree(root: Path, tree: FileTree, blobs: Path) -> int:
    """Make a folder hold exactly the tree; return the number of files written or removed."""
    changed = 0
    for path in sorted(_present(root) - tree.keys()):
        (root / path).unlink()
        changed += 1
    wrong = [(root / path, node) for path, node in tree.items() if not _is_right(root / path, node, blobs)]
    phases = [_phase(path, node) for path, node in wrong]
    with ThreadPoolExecutor(WRITERS) as pool:
        for phase in sorted(set(phases)):
            batch = [item for item, its_phase in zip(wrong, phases, strict=True) if its_phase == phase]
            changed += len(list(pool.map(lambda item: _write(item[0], item[1], blobs), batch)))
    _remove_empty(root)
    return changed


def _phase(path: Path, node: TreeFile) -> int:
    """Return the phase in which a file is written: blobs first, then new files, then replaced files.

    A replaced file comes last because it may refer to new ones.
    """
    return 2 if path.exists() else int(isinstance(node, bytes))


def _is_right(path: Path, node: TreeFile, blobs: Path) -> bool:
    try:
        if isinstance(node, BlobLink):
            return _is_same(path.lstat(), (blobs / node.sha256).stat())
        return path.read_bytes() == node
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return False


def _is_same(file: os.stat_result, blob: os.stat_result) -> bool:
    if not stat.S_ISREG(file.st_mode):
        return False
    if file.st_dev == blob.st_dev:
        return file.st_ino == blob.st_ino
    return (file.st_size, file.st_mtime_ns) == (blob.st_size, blob.st_mtime_ns)


def _write(path: Path, node: TreeFile, blobs: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    if isinstance(node, bytes):
        write_atomic(path, node)
    else:
        link_blob(blobs / node.sha256, path, node.sha256)


def _present(root: Path) -> set[str]:
    return {
        os.path.relpath(os.path.join(folder, name), root)  # noqa: PTH118  the fastest way over ten thousand files
        for folder, _, names in os.walk(root)
        for name in names
    }


def _remove_empty(root: Path) -> None:
    for folder, _, _ in os.walk(root, topdown=False):
        path = Path(folder)
        if path != root and not any(path.iterdir()):
            path.rmdir()
