"""The content of one file, read against its digest."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from .manifest import File
from .refused import RefusedError

CHUNK = 1 << 20


def read_verified(bundle: Path, file: File, copy: Path | None = None) -> None:
    """Read one file against its digest; with a place to copy to, it appears there only when it is right."""
    handle = os.open(bundle / file.path, os.O_RDONLY | os.O_NOFOLLOW)
    sha = hashlib.sha256()
    temporary = copy.with_name(f".{copy.name}.part") if copy else Path(os.devnull)
    with os.fdopen(handle, "rb") as source, temporary.open("wb") as target:
        while chunk := source.read(CHUNK):
            sha.update(chunk)
            target.write(chunk)
        if copy:
            target.flush()
            os.fchmod(target.fileno(), 0o444)
            os.fsync(target.fileno())
    if sha.hexdigest() != file.sha256:
        if copy:
            temporary.unlink()
        raise RefusedError(f"file {file.path}", "has another content than was signed", "carry the bundle in again")
    if copy:
        temporary.replace(copy)
