"""Atomic writes: temporary file, fsync, rename."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from bedplate.core.errors import BedplateError

CHUNK = 1 << 20
NO_LINK = (errno.EXDEV, errno.EMLINK, errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)
"""Another file system, too many links, or a file system without any."""


def write_atomic(path: Path, content: bytes | str, mode: int = 0o644) -> None:
    """Write a file so that a reader, or a power cut, sees the old content or the new, never a part."""
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a device or a pipe has no content to keep, and a rename would replace /dev/null itself
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def link_blob(blob: Path, path: Path, sha256: str) -> None:
    """Put a blob at a place too: as a hard link, or where there can be none as a copy, proved and synced.

    Args:
        blob: the content, which is trusted to have its digest where it is linked.
        path: the place; what is there is replaced.
        sha256: the blob's digest; BedplateError where a copy has another.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.unlink(missing_ok=True)
    try:
        temporary.hardlink_to(blob)
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        _copy(blob, temporary, sha256)
    temporary.replace(path)
    temporary.unlink(missing_ok=True)  # rename() does nothing between two links to one file


def _copy(blob: Path, target: Path, sha256: str) -> None:
    found = hashlib.sha256()
    with blob.open("rb") as source, target.open("wb") as copy:
        while chunk := source.read(CHUNK):
            found.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if found.hexdigest() != sha256:
        target.unlink()
        raise BedplateError(f"file {blob}", "has another content than its name says", "remove it, and make it again")
    shutil.copystat(blob, target)
