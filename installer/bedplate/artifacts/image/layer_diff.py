"""File systems read from tars, and the difference between two of them as an image layer's members.

Deleted files become whiteouts: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
"""

from __future__ import annotations

import re
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bedplate.artifacts.tarball import TarEntry, TarSlice, read_chunks

VOLATILE = (
    # compiled Python, backups, locks
    "**/__pycache__",
    "**/*.pyc",
    "**/*.dpkg-dist",
    "**/*.dpkg-new",
    "**/*.dpkg-old",
    "etc/*-",
    "etc/.pwd.lock",
    "root/.*_history",
    "var/cache/debconf/*-old",
    "var/lib/dpkg/*-old",
    "var/lib/dpkg/lock*",
    "var/lib/dpkg/triggers/Lock",
    "var/lib/systemd/catalog/database",
    "var/lib/systemd/random-seed",
    # of the build, or of one machine
    "dev/*",
    "etc/apt/apt.conf.d/99mmdebstrap",
    "etc/apt/sources.list",
    "etc/dpkg/dpkg.cfg.d/99mmdebstrap",
    "etc/hostname",
    "etc/resolv.conf",
    "run/*",
    "tmp/*",
    "var/lib/dbus/machine-id",
    "var/tmp/*",
)
"""What differs between two installations of the same packages, or is of no use elsewhere."""
EMPTIED = (
    "var/cache/apt",
    "var/cache/fontconfig",
    "var/cache/ldconfig",
    "var/cache/man",
    "var/lib/apt/lists",
    "var/log",
)
"""Caches and logs: their files are removed, their folders keep the owners that packages gave them."""
DOCUMENTATION = (
    "usr/share/doc-base",
    "usr/share/info/*",
    "usr/share/lintian",
    "usr/share/locale/*",
    "usr/share/man/*",
)
"""What no one reads in an image. Copyright files stay, since licences demand it."""
LICENCES = re.compile(r"usr/share/doc/[^/]+(/copyright)?$")
WHITEOUT = ".wh."

Tree = dict[str, TarEntry]
"""A file system: path without a leading slash to its entry. Hard links are files that share a slice."""


def read_tree(tar: Path, exclude: Sequence[str] = ()) -> Tree:
    """Return an uncompressed tar's file system without volatile files; contents stay in the tar.

    Args:
        tar: the file.
        exclude: more shell patterns of paths to leave out, with everything below.
    """
    excluded = _matcher((*VOLATILE, *exclude))
    every = read_members(tar)
    return {name: entry for name, entry in every.items() if not excluded(name) and not _is_cached(entry)}


def read_members(tar: Path) -> Tree:
    """Return everything in an uncompressed tar except devices, which a container's runtime creates."""
    every: Tree = {}
    with tarfile.open(tar) as members:
        for member in members:
            name = member.name.removeprefix("./").strip("/")
            if name and name != "." and (entry := _entry(tar, member, name, every)):
                every[name] = entry
    return every


def image_tree(tar: Path) -> Tree:
    """Return the file system of an image: without documentation."""
    tree = read_tree(tar, DOCUMENTATION)
    unread = {name for name in tree if name.startswith("usr/share/doc/") and not LICENCES.match(name)}
    return {name: entry for name, entry in tree.items() if name not in unread}


def layer_difference(lower: Mapping[str, TarEntry], upper: Mapping[str, TarEntry]) -> list[TarEntry]:
    """Return the layer that turns one file system into another: new and changed files, whiteouts, and their folders.

    The folders of a changed file are included, because some tools would create them again with another mode.
    """
    changed = {name for name, entry in upper.items() if name not in lower or not _same(entry, lower[name])}
    absent = lower.keys() - upper.keys()
    gone = {name for name in absent if str(PurePosixPath(name).parent) not in absent}
    around = {parent for name in changed | gone for parent in parent_folders(name)}
    return [
        *(upper[name] for name in sorted(changed | (around & upper.keys()))),
        *(TarEntry(_whiteout(name), 0o644) for name in sorted(gone)),
    ]


def parent_folders(name: str) -> list[str]:
    """Return the parent folders of a path, outermost first."""
    return [str(parent) for parent in reversed(PurePosixPath(name).parents)][1:]


def with_hard_links(entries: Iterable[TarEntry]) -> Iterator[TarEntry]:
    """Turn each file that shares its slice of a tar with an earlier one into a hard link to that one."""
    first: dict[TarSlice, str] = {}
    for entry in sorted(entries, key=lambda entry: entry.name.split("/")):
        if isinstance(entry.content, TarSlice) and entry.content.size and entry.content in first:
            yield replace(entry, content=b"", hard=first[entry.content])
            continue
        if isinstance(entry.content, TarSlice):
            first[entry.content] = entry.name
        yield entry


def _whiteout(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(WHITEOUT + path.name))


def _entry(tar: Path, member: tarfile.TarInfo, name: str, before: Tree) -> TarEntry | None:
    if member.islnk():
        return replace(before[member.linkname.removeprefix("./")], name=name)
    entry = TarEntry(name, member.mode, uid=member.uid, gid=member.gid)
    if member.isdir():
        return replace(entry, folder=True)
    if member.issym():
        return replace(entry, link=member.linkname)
    if member.isreg():
        return replace(entry, content=TarSlice(tar, member.offset_data, member.size))
    return None


def _same(left: TarEntry, right: TarEntry) -> bool:
    if isinstance(left.content, TarSlice) and isinstance(right.content, TarSlice):
        alike = replace(left, content=b"") == replace(right, content=b"")
        return alike and left.content.size == right.content.size and _same_bytes(left.content, right.content)
    return left == right


def _same_bytes(left: TarSlice, right: TarSlice) -> bool:
    return all(a == b for a, b in zip(read_chunks(left), read_chunks(right), strict=True))


def _is_cached(entry: TarEntry) -> bool:
    return not entry.folder and any(entry.name.startswith(f"{folder}/") for folder in EMPTIED)


def _matcher(patterns: Sequence[str]) -> Callable[[str], object]:
    # one star matches within a folder, two match across folders; a match includes everything below it
    texts = [re.escape(p).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*") for p in patterns]
    return re.compile("|".join(f"(?:{text}(?:/.*)?)" for text in texts), re.DOTALL).fullmatch
