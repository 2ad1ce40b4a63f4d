"""Unpacking of the installer itself to /opt/bedplate/installer/<release>/."""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from .archive import checked_members, open_tar
from .release_json import version_of
from .sync import sync_filesystem
from .target import BastionTarget

STAMP = ".digest"
"""File with the digest of the tar that a tree was unpacked from."""
OWN = {".venv", STAMP, "__pycache__"}
"""What a bastion adds to an unpacked installer."""


def unpack_installer(release: dict[str, Any], target: BastionTarget) -> str:
    """Unpack the installer; replace an unfinished, older or changed copy as a whole, but keep its .venv."""
    tree, blob = target.opt / "installer" / version_of(release), target.blob(release["installer"])
    stamp = tree / STAMP
    if stamp.is_file() and stamp.read_text() == release["installer"] and not find_difference(blob, tree):
        return "already installed"
    fresh, old = (tree.with_name(f".{tree.name}.{word}") for word in ("new", "old"))
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    fresh.mkdir(parents=True)
    with open_tar(blob) as tar:
        tar.extractall(fresh, checked_members(tar))  # noqa: S202  nothing that leads outside is among them
    sync_filesystem(fresh)
    (fresh / stamp.name).write_text(release["installer"])
    if tree.exists():
        tree.rename(old)
    if (old / ".venv").exists():
        (old / ".venv").rename(fresh / ".venv")
    fresh.rename(tree)
    shutil.rmtree(old, ignore_errors=True)
    return str(tree)


def find_difference(blob: Path, tree: Path) -> str:
    """Return the first path in which an unpacked installer differs from its tar; empty if there is none.

    Args:
        blob: the tar.
        tree: the folder that it was unpacked to.
    """
    with open_tar(blob) as tar:
        members = {str(PurePosixPath(member.name)): member for member in checked_members(tar)}
        changed = (name for name, member in members.items() if not _is_unchanged(tar, member, tree / name))
        added = (path for path in _files(tree) if path not in members)
        return next(changed, "") or next(added, "")


def _is_unchanged(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> bool:
    if member.issym():
        return path.is_symlink() and os.readlink(path) == member.linkname  # noqa: PTH115  the text itself is compared
    if path.is_symlink():
        return False
    if member.isdir():
        return path.is_dir()
    content = tar.extractfile(member)
    return path.is_file() and content is not None and path.read_bytes() == content.read()


def _files(tree: Path) -> Iterator[str]:
    """Yield the paths of files and links in a tree, without what the bastion adds."""
    for folder, folders, names in os.walk(tree):
        folders[:] = [name for name in folders if name not in OWN]
        links = [name for name in folders if (Path(folder) / name).is_symlink()]
        for name in (*links, *names):
            if name not in OWN:
                yield str((Path(folder) / name).relative_to(tree))
