"""Verified reading and copying of one file in a bundle: never beyond its size, and checked against its digest."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path

from .manifest import ListedFile
from .refused import RefusedError

CHUNK = 1 << 20
NO_FILE = (errno.ELOOP, errno.ENXIO)
"""Errors of open(2) for a link that is not followed, and for a socket."""
COPY_AGAIN = "copy the bundle from its source again"


def check_file(bundle: Path, file: ListedFile, write: Callable[[memoryview], object] | None = None) -> None:
    """Read one file of a bundle and verify its digest.

    Args:
        bundle: the folder.
        file: its line in the manifest.
        write: called with each chunk; the chunks are verified only when this function returns.
    """
    sha, buffer, remaining = hashlib.sha256(), memoryview(bytearray(min(CHUNK, file.size + 1))), file.size
    with _open(bundle, file.path) as source:
        os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while count := source.readinto(buffer):
            remaining -= count
            if remaining < 0:
                break
            sha.update(buffer[:count])
            if write:
                write(buffer[:count])
    if remaining or sha.hexdigest() != file.sha256:
        raise RefusedError(f"file {file.path}", "differs from what was signed", COPY_AGAIN)


def copy_file(bundle: Path, file: ListedFile, path: Path, *, synced: bool = True) -> None:
    """Copy one file while verifying its digest; it appears at the target path only if it matches.

    Args:
        bundle: the folder.
        file: its line in the manifest.
        path: where the copy goes.
        synced: wait until it is on disk; otherwise the caller must call `sync_file`.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("wb") as target:
            check_file(bundle, file, target.write)
            os.fchmod(target.fileno(), 0o444)
        if synced:
            sync_file(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_file(path: Path) -> None:
    """Wait until a file's content is on disk, so that it survives a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_small(bundle: Path, path: str, limit: int) -> bytes:
    """Return the content of a file in a bundle; refuse one that is missing, not a plain file or too large."""
    with _open(bundle, path) as source:
        data = source.read(limit + 1)
    if len(data) > limit:
        raise RefusedError(f"file {path}", f"is larger than {limit} bytes", COPY_AGAIN)
    return data


def _open(bundle: Path, path: str) -> io.FileIO:
    """Open a regular file; do not follow links, and do not wait for pipes or devices."""
    try:
        handle = os.open(bundle / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        if not bundle.is_dir():
            raise RefusedError(f"bundle {bundle}", "is not a folder", "check the path") from error
        raise RefusedError(f"bundle {bundle}", f"has no {path}", COPY_AGAIN) from error
    except OSError as error:
        fact = "is a link or a special file" if error.errno in NO_FILE else f"cannot be read ({error.strerror})"
        raise RefusedError(f"file {path}", fact, COPY_AGAIN) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise RefusedError(f"file {path}", "is a link or a special file", COPY_AGAIN)
    return io.FileIO(handle)
