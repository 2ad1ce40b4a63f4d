"""Joining a delta with what the site has, to the very bundle that the publisher signed.

Everything is made in a folder beside the result: `parts` takes in what is on the media, `bundle` gets one proven
file after the other, each by a rename. So a run that was killed goes on where it was, and the result appears
with the last rename.
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
    """A joined bundle.

    Attributes:
        folder: where it is.
        linked: files that are links into the site's store.
        copied: files that were copied from there.
        carried: files that the delta brought whole.
        patched: files that a patch made.
    """

    folder: Path
    linked: int = 0
    copied: int = 0
    carried: int = 0
    patched: int = 0


def merge(delta: ReceivedDelta, base: Path, out: Path, told: Reporter) -> MergeResult:
    """Join a delta to the full bundle; the next run goes on where one was killed.

    Args:
        delta: the delta.
        base: the site's store, or an older bundle.
        out: the bundle's folder; it appears when it is whole.
        told: told about the work.
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
        _take_parts(delta, staging / "parts", told)
        counts = _join(delta, base, staging, told)
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
        raise InputError(f"folder {out}", "is a disk's own and cannot be renamed", f"give --out {out}/bundle")
    return False


def _check_base(delta: ReceivedDelta, base: Path) -> None:
    """Refuse a base that lacks a blob, before anything is read."""
    lacking = [
        one.sha256 for one in delta.file.requires if _size(base / bundle_layout.blob_path(one.sha256)) != one.size
    ]
    if lacking:
        wanted = ", ".join(delta.file.bases)
        fact = f"lacks {len(lacking)} of the {len(delta.file.requires)} blobs that the delta builds on"
        raise BedplateError(f"base {base}", f"{fact} (release {wanted}): {', '.join(lacking[:5])}", NEW_INVENTORY_HINT)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def _check_disk(delta: ReceivedDelta, base: Path, staging: Path) -> None:
    """Refuse a disk without room for the parts and for what cannot be linked; what is there already counts as room."""
    carried = {one.path for one in delta.file.carried}
    linked = base.stat().st_dev == staging.parent.stat().st_dev
    wanted = sum(part.size for part in delta.file.parts)
    wanted += sum(file.size for file in delta.files if file.path in carried or not linked)
    there = sum(path.lstat().st_size for path in staging.rglob("*") if path.is_file())
    free = shutil.disk_usage(staging.parent).free
    if wanted > free + there:
        fact = f"has {human(free)} free, {human(wanted - there)} are needed"
        raise BedplateError(f"disk of {staging.parent}", fact, "give an --out on another one")


def _take_parts(delta: ReceivedDelta, place: Path, told: Reporter) -> None:
    """Copy the parts that are here, read against their digests; Findings name those that are missing or wrong."""
    count, errors = len(delta.file.parts), []
    for number, part in enumerate(delta.file.parts, start=1):
        name, said = part_name(number, count), f"part {number} of {count}"
        if _size(place / name) == part.size:
            continue  # it was proven when it came
        if not (folder := delta.folders.get(number)):
            step = "give its folder, too; what was read stays"
            errors.append(BedplateError(f"{said} ({name}, {human(part.size)})", "is missing", step))
            continue
        told.begin(said)
        if error := _taken(folder, part, place / name):
            errors.append(BedplateError(f"{said} ({folder / DATA}, {human(part.size)})", error.fact, READ_AGAIN_HINT))
        else:
            told.end(said, human(part.size))
    if errors:
        raise ErrorList(list(errors))


def _taken(folder: Path, part: PayloadPart, place: Path) -> RefusedError | None:
    try:
        copy_file(folder, ListedFile(DATA, part.sha256, part.size), place)
    except RefusedError as error:
        return RefusedError(error.subject, error.fact.replace("was signed", "was written"))
    return None


def _join(delta: ReceivedDelta, base: Path, staging: Path, told: Reporter) -> Counter[str]:
    """Make every file that is not there yet; return how many were made in which way."""
    count, carried = len(delta.file.parts), {one.path: one for one in delta.file.carried}
    parts = [(staging / "parts" / part_name(n, count), p.size) for n, p in enumerate(delta.file.parts, start=1)]
    joiner, tree, scratch = DeltaApplier(base, PayloadReader(parts)), staging / "bundle", staging / "scratch"
    told.begin("files")
    for file in delta.files:
        place = tree / file.path
        if _size(place) != file.size:  # one that is there was proven before it got its name
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            joiner.make(file, carried.get(file.path), place, scratch)
    told.end("files", f"{joiner.counts.total()} made, {len(delta.files)} there")
    return joiner.counts


def _finish(delta: ReceivedDelta, staging: Path, out: Path) -> None:
    """Add manifest and signature, compare all with the manifest, and give the bundle its place."""
    tree = staging / "bundle"
    heads = {bundle_layout.MANIFEST: delta.signed.manifest, bundle_layout.SIGNATURE: delta.signed.signature}
    for name, content in heads.items():
        # Beside the bundle first: a half-written file of a run that was killed would be one too many in it.
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
