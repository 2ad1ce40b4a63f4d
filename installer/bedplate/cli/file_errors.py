"""Errors of the operating system about a file, such as a read-only folder or a full disk, as errors for users."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from bedplate.core.errors import BedplateError, InputError

HINTS = {
    errno.EACCES: "give another path, or change the permissions of the file and its folder",
    errno.EPERM: "give another path, or change the owner of the file and its folder",
    errno.EROFS: "the file system is read-only: give another path, or mount it writable",
    errno.ENOSPC: "free some space, or give a path on another disk",
    errno.EDQUOT: "free some space, or give a path on another disk",
    errno.EFBIG: "give a path on a file system that stores files of this size",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "a part of the path is a file, not a folder: give another path",
    errno.EISDIR: "it is a folder: give the path of a file",
    errno.EEXIST: "give another path, or move what is there",
    errno.ENOTEMPTY: "give another path, or move what is there",
    errno.ENAMETOOLONG: "give a shorter path",
}
LATE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors that come while data is written."""


def file_error(error: BaseException, words: list[str]) -> BedplateError | None:
    """Return an error for users; None if it is not about a file, or if its cause is not known.

    Args:
        error: what was raised.
        words: the command line. An error about a path in it is invalid input.
    """
    if not isinstance(error, OSError) or error.errno not in HINTS or error.filename is None:
        return None
    path = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
    if path is None:
        return None
    is_input = error.errno not in LATE and any(_is_part(path, word) for word in words)
    kind = InputError if is_input else BedplateError
    return kind(f"file {path}", f"cannot be used: {error.strerror}", HINTS[error.errno])


def _is_part(path: Path, word: str) -> bool:
    """Return whether a path is one that was typed, such as `--out FILE` or `--out=FILE`, or its folder."""
    typed = Path(word.partition("=")[2] if word.startswith("--") else word).absolute()
    return path.absolute() in (typed, *typed.parents)
