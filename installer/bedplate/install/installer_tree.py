"""Unpacking of the installer itself to /opt/bedplate/installer/<release>/."""

from __future__ import annotations

import shutil
from typing import Any

from .archive import checked_members, open_tar
from .release_json import version_of
from .sync import sync_filesystem
from .target import BastionTarget


def unpack_installer(release: dict[str, Any], target: BastionTarget) -> str:
    """Unpack the installer; replace an unfinished or older copy as a whole, but keep its .venv."""
    tree = target.opt / "installer" / version_of(release)
    stamp = tree / ".digest"
    if stamp.is_file() and stamp.read_text() == release["installer"]:
        return "already installed"
    fresh, old = (tree.with_name(f".{tree.name}.{word}") for word in ("new", "old"))
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    fresh.mkdir(parents=True)
    with open_tar(target.blob(release["installer"])) as tar:
        tar.extractall(fresh, checked_members(tar))
    sync_filesystem(fresh)
    (fresh / stamp.name).write_text(release["installer"])
    if tree.exists():
        tree.rename(old)
    if (old / ".venv").exists():
        (old / ".venv").rename(fresh / ".venv")
    fresh.rename(tree)
    shutil.rmtree(old, ignore_errors=True)
    return str(tree)
