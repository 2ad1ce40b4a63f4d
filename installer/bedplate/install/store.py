"""Copying of a bundle's blobs and release files into the bastion's store."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from .blob_content import check_file, copy_file, sync_file
from .manifest import UNSIGNED, ListedFile, blobs_of
from .messages import megabytes, report
from .refused import RefusedError
from .release_json import version_of
from .signature import SignedManifest
from .target import BastionTarget

WORKERS = min(8, os.cpu_count() or 1)
PROGRESS_SECONDS = 2.0


def copy_blobs(bundle: Path, files: list[ListedFile], target: BastionTarget) -> str:
    """Copy the blobs that the store lacks; verify the blobs it has, and all other files of the bundle.

    If one file does not match its digest, all blobs copied by this run are removed again.
    """
    blobs = blobs_of(files)
    _each(lambda file: check_file(bundle, file), [file for file in files if file not in set(blobs)])
    missing = [file for file, right in zip(blobs, _are_right(blobs, target), strict=True) if not right]
    total, new = sum(f.size for f in missing), [f for f in missing if not target.blob(f.sha256).exists()]
    _check_disk(total, target.store)
    folders = [folder for folder in (target.blob(""), *target.blob("").parents) if not folder.exists()]
    target.blob("").mkdir(parents=True, exist_ok=True)
    try:
        _each(lambda file: copy_file(bundle, file, target.blob(file.sha256), synced=False), missing, total)
    except RefusedError:
        _remove([target.blob(file.sha256) for file in new], folders)
        raise
    _each(lambda file: sync_file(target.blob(file.sha256)), missing)
    return f"{len(missing)} files, {megabytes(total)} copied and verified" if missing else "already there, verified"


def _each(work: Callable[[ListedFile], object], files: Iterable[ListedFile], total: int = 0) -> None:
    """Call `work` for each file, the largest first; stop at the first error."""
    last_report, done = time.monotonic(), 0
    with ThreadPoolExecutor(WORKERS) as pool:
        running = {pool.submit(work, file): file for file in sorted(files, key=lambda file: -file.size)}
        for future in as_completed(running):
            try:
                future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            done += running[future].size
            if total and time.monotonic() - last_report > PROGRESS_SECONDS:
                last_report = time.monotonic()
                report(f"      {megabytes(done)} of {megabytes(total)}")


def _are_right(blobs: list[ListedFile], target: BastionTarget) -> Iterator[bool]:
    """Yield for each blob whether the store has it, with the right content."""

    def is_right(blob: ListedFile) -> bool:
        if not target.blob(blob.sha256).is_file():
            return False
        try:
            check_file(target.store, blob)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(WORKERS) as pool:
        yield from pool.map(is_right, blobs)


def _check_disk(total: int, store: Path) -> None:
    existing = next(folder for folder in (store, *store.parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if total > free:
        fact = f"has {megabytes(free)} free, {megabytes(total)} needed"
        raise RefusedError(f"disk of {store}", fact, "free some space")


def _remove(files: list[Path], folders: list[Path]) -> None:
    """Remove files, and the folders that were created for them, innermost first."""
    for file in files:
        file.unlink(missing_ok=True)
    for folder in folders:
        if not any(folder.iterdir()):
            folder.rmdir()


def write_release_files(release: dict[str, Any], data: bytes, signed: SignedManifest, target: BastionTarget) -> None:
    """Write the release's three files to the store; release.json comes last, as it marks the release as installed."""
    folder = target.store / "releases" / version_of(release)
    contents = {UNSIGNED[0]: signed.manifest, UNSIGNED[1]: signed.signature, "release.json": data}
    for name, content in contents.items():
        _write(folder / name, content)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.part")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
