"""Merging a delta with what the site has, into the same bundle that the publisher signed.

Work happens in a folder next to the result: `parts` has copies of what is on the media, and `bundle` gets one
verified file after the other, each by a rename. So the next run resumes after a kill, and the result appears with
the last rename.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from bedplate.bundle.verify_bundle import refusals_as_errors
from bedplate.config import bundle_layout
from bedplate.core import digest
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.core.files import write_atomic
from bedplate.core.locks import try_lock
from bedplate.core.reporter import Reporter
from bedplate.core.sizes import human
from bedplate.delta.apply_delta import NEW_INVENTORY_HINT, DeltaApplier
from bedplate.delta.delta_layout import DATA, PayloadPart, part_name
from bedplate.delta.payload_parts import PayloadReader
from bedplate.delta.received_delta import READ_AGAIN_HINT, ReceivedDelta
from bedplate.install.blob_content import copy_file
from bedplate.install.listing import check_listing
from bedplate.install.manifest import ListedFile
from bedplate.install.refused import RefusedError


@dataclass(frozen=True, slots=True)
class MergeResult:
    """A merged bundle, and how its files were made.

    Attributes:
        folder: where it is.
        linked: files that are hard links into the site's store.
        copied: files that were copied from the store.
        carried: files that the delta carried whole.
        patched: files that were made by a patch.
    """

    folder: Path
    linked: int = 0
    copied: int = 0
    carried: int = 0
    patched: int = 0


def merge(delta: ReceivedDelta, base: Path, out: Path, reporter: Reporter) -> MergeResult:
    """Merge a delta into the full bundle; after a kill, the next run resumes.

    Args:
        delta: the delta.
        base: the site's store, or an older bundle.
        out: the bundle's folder; it appears when it is complete.
        reporter: receives progress.
    """
    staging = out.absolute().with_name(f".{out.name}.merge-{delta.digest[:12]}")
    if _is_there(delta, out):
        shutil.rmtree(staging, ignore_errors=True)
        return MergeResult(out)
    _check_base(delta, base)
    staging.parent.mkdir(parents=True, exist_ok=True)
    _check_disk(delta, base, staging)
    (staging / "parts").mkdir(parents=True, exist_ok=True)
    with try_lock(staging / "lock", f"folder {staging}", "is used by another merge"):
        _take_parts(delta, staging / "parts", reporter)
        counts = _make_files(delta, base, staging, reporter)
        _finish(delta, staging, out)
    shutil.rmtree(staging, ignore_errors=True)
    return MergeResult(out, **counts)


def _is_there(delta: ReceivedDelta, out: Path) -> bool:
    manifest = out / bundle_layout.MANIFEST
    if manifest.is_file() and digest.of_file(manifest) == delta.file.bundle:
        return True
    if out.exists() and any(out.iterdir()):
        raise InputError(f"folder {out}", "is not empty", "give another --out")
    if out.is_mount():
        raise InputError(f"folder {out}", "is a mount point and cannot be replaced", f"give --out {out}/bundle")
    return False


def _check_base(delta: ReceivedDelta, base: Path) -> None:
    """Refuse a base that lacks a needed blob, before any part is read."""
    lacking = [
        blob.sha256 for blob in delta.file.requires if _size(base / bundle_layout.blob_path(blob.sha256)) != blob.size
    ]
    if lacking:
        wanted = ", ".join(delta.file.bases)
        fact = f"lacks {len(lacking)} of the {len(delta.file.requires)} blobs that the delta builds on"
        raise BedplateError(f"base {base}", f"{fact} (release {wanted}): {', '.join(lacking[:5])}", NEW_INVENTORY_HINT)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _check_disk(delta: ReceivedDelta, base: Path, staging: Path) -> None:
    """Refuse a disk without room for the parts and for what cannot be linked; what is there already counts as room."""
    carried = {entry.path for entry in delta.file.carried}
    linked = base.stat().st_dev == staging.parent.stat().st_dev
    wanted = sum(part.size for part in delta.file.parts)
    wanted += sum(file.size for file in delta.files if file.path in carried or not linked)
    there = sum(path.lstat().st_size for path in staging.rglob("*") if path.is_file())
    free = shutil.disk_usage(staging.parent).free
    if wanted > free + there:
        fact = f"has {human(free)} free; {human(wanted - there)} are needed"
        raise BedplateError(f"disk of {staging.parent}", fact, "give an --out on another disk")


def _take_parts(delta: ReceivedDelta, target: Path, reporter: Reporter) -> None:
    """Copy the parts that are here, and verify their digests; ErrorList names those that are missing or corrupted."""
    count, errors = len(delta.file.parts), []
    for number, part in enumerate(delta.file.parts, start=1):
        name, title = part_name(number, count), f"part {number} of {count}"
        if _size(target / name) == part.size:
            continue  # it was verified when it was copied
        if not (folder := delta.folders.get(number)):
            step = "add its folder to the command; parts that were read are kept"
            errors.append(BedplateError(f"{title} ({name}, {human(part.size)})", "is missing", step))
            continue
        reporter.begin(title)
        if error := _copy_part(folder, part, target / name):
            errors.append(BedplateError(f"{title} ({folder / DATA}, {human(part.size)})", error.fact, READ_AGAIN_HINT))
        else:
            reporter.end(title, human(part.size))
    if errors:
        raise ErrorList(list(errors))


def _copy_part(folder: Path, part: PayloadPart, target: Path) -> RefusedError | None:
    try:
        copy_file(folder, ListedFile(DATA, part.sha256, part.size), target)
    except RefusedError as error:
        return error
    return None


def _make_files(delta: ReceivedDelta, base: Path, staging: Path, reporter: Reporter) -> Counter[str]:
    """Make every file that is not there yet; return how many were made in which way."""
    count, carried = len(delta.file.parts), {entry.path: entry for entry in delta.file.carried}
    parts = [(staging / "parts" / part_name(n, count), p.size) for n, p in enumerate(delta.file.parts, start=1)]
    applier, tree, scratch = DeltaApplier(base, PayloadReader(parts)), staging / "bundle", staging / "scratch"
    reporter.begin("files")
    for file in delta.files:
        target = tree / file.path
        if _size(target) != file.size:  # a file that is there was verified before it got its name
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            applier.make_file(file, carried.get(file.path), target, scratch)
    reporter.end("files", f"{applier.counts.total()} made, {len(delta.files)} in all")
    return applier.counts


def _finish(delta: ReceivedDelta, staging: Path, out: Path) -> None:
    """Add manifest and signature, compare the bundle with the manifest, and move it to its path."""
    tree = staging / "bundle"
    heads = {bundle_layout.MANIFEST: delta.signed.manifest, bundle_layout.SIGNATURE: delta.signed.signature}
    for name, content in heads.items():
        # First next to the bundle: a file half-written by a killed run would be a file too many in it.
        write_atomic(staging / name, content)
        (staging / name).replace(tree / name)
    with refusals_as_errors():
        check_listing(tree, delta.files)
    for folder in {(tree / file.path).parent for file in delta.files}:
        _sync(folder)
    tree.replace(out)
    _sync(out.absolute().parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
