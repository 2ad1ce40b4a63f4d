"""Reproducible tar files: sorted, with fixed owners and times."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bedplate.core import digest


@dataclass(frozen=True, slots=True)
class TarSlice:
    """A part of a file, such as a member's content inside another tar."""

    path: Path
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class TarEntry:
    """One member of a tar.

    Attributes:
        name: path in the tar, without a leading slash.
        mode: permission bits.
        content: a file's bytes, or where to read them.
        link: a symbolic link's target.
        hard: a hard link's target (a name in the tar).
        folder: whether it is a folder.
        uid: owner.
        gid: group.
    """

    name: str
    mode: int = 0o644
    content: bytes | Path | TarSlice = b""
    link: str = ""
    hard: str = ""
    folder: bool = False
    uid: int = 0
    gid: int = 0


def write_tar(entries: Iterable[TarEntry], out: IO[bytes], mtime: int) -> None:
    """Write a tar (pax), sorted by name; two members with the same name are an error."""
    ordered = sorted(entries, key=lambda entry: entry.name.split("/"))
    if len({entry.name for entry in ordered}) != len(ordered):
        names = [entry.name for entry in ordered]
        raise ValueError(f"duplicate in a tar: {next(n for n in names if names.count(n) > 1)}")
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as tar:
        for entry in ordered:
            _write(tar, entry, mtime)


def folder_entries(root: Path, prefix: str = "") -> Iterable[TarEntry]:
    """Yield a folder's content, owned by root: modes become 0755 or 0644, links stay links, no compiled Python."""
    for path in sorted(path for path in root.rglob("*") if "__pycache__" not in path.relative_to(root).parts):
        name = f"{prefix}/{path.relative_to(root)}".lstrip("/")
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            yield TarEntry(name, 0o777, link=str(path.readlink()))
        elif stat.S_ISDIR(mode):
            yield TarEntry(name, 0o755, folder=True)
        elif stat.S_ISREG(mode):
            yield TarEntry(name, 0o755 if mode & 0o111 else 0o644, content=path)


def content_digest(content: bytes | Path | TarSlice) -> str:
    """Return the sha256 (hex) of a member's content."""
    total = hashlib.sha256()
    match content:
        case bytes():
            total.update(content)
        case Path():
            return digest.of_file(content)
        case TarSlice():
            for chunk in read_chunks(content):
                total.update(chunk)
    return total.hexdigest()


def read_chunks(part: TarSlice, size: int = 1 << 20) -> Iterator[bytes]:
    """Yield a slice's bytes in chunks."""
    with part.path.open("rb") as file:
        file.seek(part.offset)
        for start in range(0, part.size, size):
            yield file.read(min(size, part.size - start))


def _write(tar: tarfile.TarFile, entry: TarEntry, mtime: int) -> None:
    info = tarfile.TarInfo(entry.name)
    info.mode, info.mtime, info.uid, info.gid = entry.mode, mtime, entry.uid, entry.gid
    if entry.folder:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    elif entry.link or entry.hard:
        info.type = tarfile.SYMTYPE if entry.link else tarfile.LNKTYPE
        info.linkname = entry.link or entry.hard
        tar.addfile(info)
    elif isinstance(entry.content, TarSlice):
        info.size = entry.content.size
        with entry.content.path.open("rb") as file:
            file.seek(entry.content.offset)
            tar.addfile(info, file)
    elif isinstance(entry.content, Path):
        info.size = entry.content.stat().st_size
        with entry.content.open("rb") as file:
            tar.addfile(info, file)
    else:
        info.size = len(entry.content)
        tar.addfile(info, io.BytesIO(entry.content))
