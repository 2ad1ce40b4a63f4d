"""Atomic file writes (temporary file, fsync, rename) and hard links to blobs."""

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
"""Errors of link(2) after which a copy is made: another file system, too many links, or no support for links."""


def write_atomic(path: Path, content: bytes | str, mode: int = 0o644, *, durable: bool = True) -> None:
    """Write a file atomically: readers see the old content or the new.

    Args:
        path: the file.
        content: what it will contain.
        mode: its permissions.
        durable: this also holds after a power cut. A cache that can tell a damaged file does without, and is faster.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        path.write_bytes(data)  # a rename would replace the device or pipe itself, such as /dev/null
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:  # it has the temporary file's name
        raise OSError(error.errno, error.strerror, str(path)) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(file.fileno(), mode)
            if durable:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def link_blob(blob: Path, path: Path, sha256: str) -> None:
    """Link a blob to a path: as a hard link, or as a verified and synced copy where no hard link is possible.

    Args:
        blob: the file to link. A hard link trusts its content; a copy is verified.
        path: where the link goes; an existing file is replaced.
        sha256: the blob's digest.

    Raises:
        BedplateError: a copy does not have this digest.
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
    temporary.unlink(missing_ok=True)  # rename(2) does nothing if both paths are links to the same file


def _copy(blob: Path, target: Path, sha256: str) -> None:
    hasher = hashlib.sha256()
    with blob.open("rb") as source, target.open("wb") as copy:
        while chunk := source.read(CHUNK):
            hasher.update(chunk)
            copy.write(chunk)
        copy.flush()
        os.fsync(copy.fileno())
    if hasher.hexdigest() != sha256:
        target.unlink()
        raise BedplateError(f"file {blob}", "does not match its digest", "remove it, and create it again")
    shutil.copystat(blob, target)
