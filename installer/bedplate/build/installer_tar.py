"""Pack the installer: this repository's files, and those of other source trees, in a reproducible tar."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from bedplate.artifacts import resolve
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.tarball import TarEntry, write_tar
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Lock, Output
from bedplate.core import paths
from bedplate.core.command import run
from bedplate.core.errors import InputError
from bedplate.install.archive import stays_inside

LEFT_OUT = {".git", ".venv", ".digest", "__pycache__"}
BUILD = "build"
"""Folder at a tree's root with what was built there."""
PRIVATE_KEY = re.compile(rb"^-----BEGIN [A-Z ]*PRIVATE KEY-----", re.MULTILINE)
LARGE = 10_000_000


def add_installer(catalog: Catalog, lock: Lock, cache: Cache) -> Output:
    """Pack the installer into the cache, with the lock that the bundle was really built from."""
    files: dict[str, Path] = dict(_tree(paths.SOURCE, ""))
    for tree in paths.search_path():
        if tree != paths.SOURCE:
            files |= dict(_tree(tree.resolve(), f"trees/{tree.name}/"))
    folder = f"releases/{catalog.release.version}"
    files |= dict(_tree(catalog.folder, f"{folder}/"))
    files.pop(f"{folder}/{resolve.FILE}", None)
    entries = [_entry(name, path) for name, path in files.items()]
    entries.append(TarEntry(f"{folder}/{resolve.FILE}", content=resolve.lock_text(lock).encode()))
    with cache.scratch() as scratch:
        tar = scratch / "installer.tar"
        with tar.open("wb") as out:
            write_tar(entries, out, catalog.release.epoch)
        return cache.add(tar, move=True)


def _tree(root: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Yield a tree's files: those that git does not ignore, or all of them without git (on a bastion)."""
    if not root.is_dir():
        raise InputError(f"tree {root}", "is not a folder", "fix BEDPLATE_TREES")
    names = _git_files(root) if (root / ".git").exists() else _walk(root)
    for name in sorted(names):
        path = root / name
        if path.is_symlink():
            _check_link(path, name)
        elif not path.is_file():
            continue
        yield prefix + name, path


def _check_link(path: Path, name: str) -> None:
    """Refuse a link that the installation would refuse, because it leads out of the tree."""
    target = path.readlink()
    if not stays_inside(PurePosixPath(name).parent, PurePosixPath(target)):
        hint = "remove the link, or list it in .gitignore"
        raise InputError(f"file {path}", f"is a link to {target}, which leads out of the tree", hint)


def _git_files(root: Path) -> list[str]:
    done = run(["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
    return [name for name in done.stdout.decode().split("\0") if name]


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        left_out = LEFT_OUT | ({BUILD} if Path(folder) == root else set())
        folders[:] = [name for name in folders if name not in left_out and not re.fullmatch(r"\..*_cache", name)]
        yield from (str((Path(folder) / name).relative_to(root)) for name in names if name not in LEFT_OUT)


def _entry(name: str, path: Path) -> TarEntry:
    if path.is_symlink():
        return TarEntry(name, 0o777, link=str(path.readlink()))
    state = path.stat()
    if state.st_size < LARGE and PRIVATE_KEY.search(path.read_bytes()):
        raise InputError(f"file {path}", "contains a private key and would be in the bundle", "move it elsewhere")
    return TarEntry(name, 0o755 if state.st_mode & stat.S_IXUSR else 0o644, content=path)
