"""Writing a delta: its parts, each with the signed headers."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from bedplate.bundle import publisher_signature, ssh_signature
from bedplate.config import bundle_layout
from bedplate.core import digest
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.files import write_atomic
from bedplate.delta.carried_file import CarriedFile
from bedplate.delta.delta_layout import (
    DATA,
    HEAD,
    NAMESPACE,
    SIGNATURE,
    DeltaFile,
    PayloadEntry,
    PayloadPart,
    RequiredBlob,
    part_name,
)
from bedplate.delta.delta_plan import DeltaPlan
from bedplate.delta.payload_parts import write_parts

SIGNATURE_BYTES = 512
"""Bytes; more than the SSH signature of an Ed25519 key takes."""


@dataclass(frozen=True, slots=True)
class Split:
    """How a payload is split into parts.

    Attributes:
        count: number of parts.
        capacity: the most bytes of the payload in one part.
        header_size: bytes of the signed headers, which every part has.
    """

    count: int
    capacity: int
    header_size: int


def split_payload(plan: DeltaPlan, medium: int) -> Split:
    """Return how a delta is split for media of a size; 0 for one part of any size."""
    count = 1
    while True:
        header_size = _header_size(plan, count)
        capacity = medium - header_size if medium else plan.payload_size
        if medium and capacity <= 0:
            fact = f"cannot hold the signed headers of the delta, which take {header_size} bytes"
            raise InputError(f"medium of {medium} bytes", fact, "give a larger --split")
        needed = max(1, -(-plan.payload_size // capacity)) if capacity else 1
        if needed <= count:
            return Split(count, capacity, header_size)
        count = needed


def _header_size(plan: DeltaPlan, count: int) -> int:
    blank = [PayloadPart(sha256="0" * 64, size=plan.payload_size)] * count
    return len(_json(_delta_file(plan, blank))) + 2 * SIGNATURE_BYTES + len(plan.signed.manifest)


def write_delta(plan: DeltaPlan, out: Path, key: Path, medium: int = 0) -> DeltaFile:
    """Write a delta to a folder, which appears when it is complete; return its delta.json.

    Args:
        plan: what the delta carries.
        out: the folder.
        key: the publisher's private key.
        medium: the size of a part; 0 for one part.
    """
    publisher_signature.check_key(key)
    if out.exists() and any(out.iterdir()):
        raise InputError(f"folder {out}", "is not empty", "give another --out")
    chosen = split_payload(plan, medium)
    fresh = out.absolute().with_name(f".{out.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    folders = [fresh / part_name(number, chosen.count) for number in range(1, chosen.count + 1)]
    for folder in folders:
        folder.mkdir(parents=True)
    parts = write_parts(map(_VerifyingReader, plan.carried), folders, chosen.capacity)
    delta = _delta_file(plan, parts)
    header = _json(delta)
    signature = ssh_signature.sign(header, key, NAMESPACE)
    for folder in folders:
        _write_headers(folder, plan, header, signature)
    fresh.replace(out)
    return delta


def _write_headers(folder: Path, plan: DeltaPlan, header: bytes, signature: bytes) -> None:
    write_atomic(folder / bundle_layout.MANIFEST, plan.signed.manifest)
    write_atomic(folder / bundle_layout.SIGNATURE, plan.signed.signature)
    write_atomic(folder / HEAD, header)
    write_atomic(folder / SIGNATURE, signature)
    (folder / DATA).chmod(0o644)


class _VerifyingReader:
    """Reads a file for the payload and verifies its digest: a patch must still be the one that was tested."""

    def __init__(self, file: CarriedFile) -> None:
        self._file, self._sha, self._blocks = file, hashlib.sha256(), self._read()

    def read(self, size: int = -1, /) -> bytes:  # noqa: ARG002  it returns one block, whatever is left
        return next(self._blocks, b"")

    def _read(self) -> Iterator[bytes]:
        with self._file.source.open("rb") as source:
            while data := source.read(1 << 20):
                self._sha.update(data)
                yield data
        if self._sha.hexdigest() != self._file.sha256:
            fact = "changed since the delta was planned"
            step = "remove it, and run the same command again" if self._file.patch else "run bedplate bundle verify"
            raise BedplateError(f"file {self._file.source}", fact, step)


def _delta_file(plan: DeltaPlan, parts: list[PayloadPart]) -> DeltaFile:
    offsets = accumulate((file.length for file in plan.carried), initial=0)
    carried = [
        PayloadEntry(path=one.file.path, offset=offset, length=one.length, patch=one.patch, base=one.base)
        for one, offset in zip(plan.carried, offsets, strict=False)
    ]
    sizes = plan.inventory.sizes()
    needed = {file.sha256 for file in plan.kept} | {one.base for one in plan.carried if one.base}
    return DeltaFile(
        release=plan.manifest.release,
        bundle=hashlib.sha256(plan.signed.manifest).hexdigest(),
        size=plan.bundle_size,
        bases=sorted(held.release for held in plan.inventory.releases),
        requires=[RequiredBlob(sha256=sha256, size=sizes[sha256]) for sha256 in sorted(needed)],
        carried=carried,
        parts=parts,
    )


def _json(delta: DeltaFile) -> bytes:
    return digest.canonical(delta.model_dump()) + b"\n"
