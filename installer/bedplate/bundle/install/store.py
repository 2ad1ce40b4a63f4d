"""The store of blobs and release files on the bastion."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from .content import read_verified
from .manifest import BLOB, UNSIGNED, File
from .output import megabytes, say
from .refused import RefusedError
from .release import version_of
from .target import Target

WORKERS = 4
PROGRESS_SECONDS = 2.0


def copy_blobs(bundle: Path, files: list[File], target: Target) -> str:
    """Copy what the store lacks; a blob that is there was verified when it came."""
    target.blob("").mkdir(parents=True, exist_ok=True)
    missing = [f for f in files if BLOB.fullmatch(f.path) and not _has(target.blob(f.sha256), f.size)]
    total, copied, told = sum(f.size for f in missing), 0, time.monotonic()
    free = shutil.disk_usage(target.store).free
    if total > free:
        raise RefusedError(
            f"disk of {target.store}", f"has {megabytes(free)} free, {megabytes(total)} are needed", "make room"
        )
    with ThreadPoolExecutor(WORKERS) as pool:
        running = {pool.submit(read_verified, bundle, f, target.blob(f.sha256)): f for f in missing}
        for done in as_completed(running):
            try:
                done.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            copied += running[done].size
            if time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                say(f"      {megabytes(copied)} of {megabytes(total)}")
    return f"{len(missing)} files, {megabytes(total)} copied and verified" if missing else "all there"


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size


def keep_release(bundle: Path, files: list[File], signed: bytes, target: Target) -> dict[str, Any]:
    """Write the release's three files to the store and return release.json."""
    file = next(file for file in files if file.path == "release.json")
    data = (bundle / file.path).read_bytes()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise RefusedError("file release.json", "has another content than was signed", "carry the bundle in again")
    release: dict[str, Any] = json.loads(data)
    folder = target.store / "releases" / version_of(release)
    contents = {"release.json": data, UNSIGNED[0]: signed, UNSIGNED[1]: (bundle / UNSIGNED[1]).read_bytes()}
    for name, content in contents.items():
        _write(folder / name, content)
    return release


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    temporary.replace(path)
