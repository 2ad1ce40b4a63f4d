"""The content of one file, read against its digest and never further than its size."""

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
"""What open(2) answers for a link that is not followed, and for a socket."""
COPY_AGAIN = "carry the bundle in again"


def check_file(bundle: Path, file: ListedFile, write: Callable[[memoryview], object] | None = None) -> None:
    """Read one file of a bundle against its digest.

    Args:
        bundle: the folder.
        file: what the manifest says of it.
        write: is given each part that was read; all of them are right only when this function returns.
    """
    sha, buffer, rest = hashlib.sha256(), memoryview(bytearray(min(CHUNK, file.size + 1))), file.size
    with _open(bundle, file.path) as source:
        os.posix_fadvise(source.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        while count := source.readinto(buffer):
            rest -= count
            if rest < 0:
                break
            sha.update(buffer[:count])
            if write:
                write(buffer[:count])
    if rest or sha.hexdigest() != file.sha256:
        raise RefusedError(f"file {file.path}", "differs from what was signed", COPY_AGAIN)


def copy_file(bundle: Path, file: ListedFile, place: Path, *, synced: bool = True) -> None:
    """Copy one file while it is read against its digest; it appears at its place only when it is right.

    Args:
        bundle: the folder.
        file: what the manifest says of it.
        place: where the copy goes.
        synced: wait until it is on the disk; otherwise `sync_file` has to follow.
    """
    temporary = place.with_name(f".{place.name}.part")
    try:
        with temporary.open("wb") as target:
            check_file(bundle, file, target.write)
            os.fchmod(target.fileno(), 0o444)
        if synced:
            sync_file(temporary)
        temporary.replace(place)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_file(place: Path) -> None:
    """Wait until a file's content is on the disk, so that a power cut leaves it."""
    handle = os.open(place, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_small(bundle: Path, path: str, limit: int) -> bytes:
    """Return a whole file of a bundle; one that is missing, no file or larger than the limit is refused."""
    with _open(bundle, path) as source:
        data = source.read(limit + 1)
    if len(data) > limit:
        raise RefusedError(f"file {path}", f"is larger than the {limit} bytes it can have", COPY_AGAIN)
    return data


def _open(bundle: Path, path: str) -> io.FileIO:
    """Open a regular file: a link is not followed, and a pipe or a device is not waited for."""
    try:
        handle = os.open(bundle / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError as error:
        raise RefusedError(f"bundle {bundle}", f"has no {path}", COPY_AGAIN) from error
    except OSError as error:
        fact = "is a link or a special file" if error.errno in NO_FILE else f"cannot be read ({error.strerror})"
        raise RefusedError(f"file {path}", fact, COPY_AGAIN) from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise RefusedError(f"file {path}", "is a link or a special file", COPY_AGAIN)
    return io.FileIO(handle)
