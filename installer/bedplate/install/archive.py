"""Safe reading of the bundle's tar files: uncompressed, and nothing outside the target folder."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from .refused import RefusedError


@contextmanager
def open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """Open an uncompressed tar. A compressed one could unpack to far more than its size."""
    try:
        with tarfile.open(path, "r:") as tar:
            yield tar
    except tarfile.TarError as error:
        raise RefusedError(f"tar {path.name}", f"cannot be read ({error})", "ask the publisher") from error


def checked_members(tar: tarfile.TarFile) -> list[tarfile.TarInfo]:
    """Return all members; refuse any that is not a file, folder or link below the target folder."""
    members = tar.getmembers()
    links = {PurePosixPath(member.name) for member in members if member.issym()}
    for member in members:
        if fact := _problem(member, links):
            raise RefusedError(f"member {member.name!r} of tar {Path(str(tar.name)).name}", fact, "ask the publisher")
    return members


def _problem(member: tarfile.TarInfo, links: set[PurePosixPath]) -> str:
    path = PurePosixPath(member.name)
    if member.issparse() or not (member.isreg() or member.isdir() or member.issym()):
        return "is not a plain file, folder or link"
    if path.is_absolute() or ".." in path.parts:
        return "leads out of the target folder"
    if links.intersection(path.parents):
        return "is behind a link"
    if member.issym() and not stays_inside(path.parent, PurePosixPath(member.linkname)):
        return f"is a link to {member.linkname!r}, which leads outside"
    return ""


def stays_inside(folder: PurePosixPath, link: PurePosixPath) -> bool:
    """Return whether a link has `..` only at its beginning, and no more of them than its folder is deep."""
    ups = next((at for at, part in enumerate(link.parts) if part != ".."), len(link.parts))
    return not link.is_absolute() and ups <= len(folder.parts) and ".." not in link.parts[ups:]
