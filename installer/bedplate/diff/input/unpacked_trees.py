"""Installer trees of other revisions and bundles, unpacked once into the user's cache."""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from bedplate.core import paths
from bedplate.core.errors import InputError

MAX_TREES = 20
"""Trees, about 2 MB each."""


def unpacked(key: str, tar: Callable[[], bytes]) -> Path:
    """Return the folder with the content of a tar, which is unpacked only if the folder does not exist yet.

    Args:
        key: unique for this content.
        tar: returns the uncompressed tar.
    """
    folder = paths.cache() / "trees" / key
    if folder.is_dir():
        folder.touch()
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(dir=folder.parent, prefix="."))
    try:
        _extract(tar(), scratch / "tree")
        (scratch / "tree").rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    _trim(folder.parent)
    return folder


def _extract(data: bytes, folder: Path) -> None:
    folder.mkdir()
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            archive.extractall(folder, filter="data")
    except tarfile.TarError as error:
        raise InputError("tree", f"cannot be unpacked: {error}") from error


def _trim(folder: Path) -> None:
    trees = [path for path in folder.iterdir() if not path.name.startswith(".")]
    for path in sorted(trees, key=lambda path: path.stat().st_mtime)[:-MAX_TREES]:
        shutil.rmtree(path, ignore_errors=True)
