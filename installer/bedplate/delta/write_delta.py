"""Writing a delta: its parts, each with the signed heads."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from bedplate.bundle import ssh_signature
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
"""More than an Ed25519 key's SSH signature takes."""


@dataclass(frozen=True, slots=True)
class Split:
    """How a payload is cut.

    Attributes:
        count: number of parts.
        capacity: bytes of the payload that one part takes at most.
        head: bytes of the signed heads, which every part has.
    """

    count: int
    capacity: int
    head: int


def split_payload(plan: DeltaPlan, medium: int) -> Split:
    """Return how a delta is cut for media of a size; 0 for one part, whatever its size."""
    count = 1
    while True:
        head = _head_bytes(plan, count)
        capacity = medium - head if medium else plan.carried
        if medium and capacity <= 0:
            fact = f"cannot hold the delta's own lists, which are {head} bytes"
            raise InputError(f"medium of {medium} bytes", fact, "give a larger --split")
        needed = max(1, -(-plan.carried // capacity)) if capacity else 1
        if needed <= count:
            return Split(count, capacity, head)
        count = needed


def _head_bytes(plan: DeltaPlan, count: int) -> int:
    blank = [PayloadPart(sha256="0" * 64, size=plan.carried)] * count
    return len(_json(_delta_file(plan, blank))) + 2 * SIGNATURE_BYTES + len(plan.signed.manifest)


def write_delta(plan: DeltaPlan, out: Path, key: Path, medium: int = 0) -> DeltaFile:
    """Write a delta to a folder, which appears when it is whole; return its delta.json.

    Args:
        plan: what it carries.
        out: the folder.
        key: the publisher's private key.
        medium: the size of a part; 0 for one part.
    """
    if not key.is_file():
        raise InputError(f"publisher's key {key}", "is not there", "bedplate key new --out FILE")
    if out.exists() and any(out.iterdir()):
        raise InputError(f"folder {out}", "is not empty", "give another --out")
    chosen = split_payload(plan, medium)
    fresh = out.absolute().with_name(f".{out.name}.part")
    shutil.rmtree(fresh, ignore_errors=True)
    folders = [fresh / part_name(number, chosen.count) for number in range(1, chosen.count + 1)]
    for folder in folders:
        folder.mkdir(parents=True)
    parts = write_parts(map(_Checked, plan.items), folders, chosen.capacity)
    delta = _delta_file(plan, parts)
    head = _json(delta)
    signature = ssh_signature.sign(head, key, NAMESPACE)
    for folder in folders:
        _write_heads(folder, plan, head, signature)
    fresh.replace(out)
    return delta


def _write_heads(folder: Path, plan: DeltaPlan, head: bytes, signature: bytes) -> None:
    write_atomic(folder / bundle_layout.MANIFEST, plan.signed.manifest)
    write_atomic(folder / bundle_layout.SIGNATURE, plan.signed.signature)
    write_atomic(folder / HEAD, head)
    write_atomic(folder / SIGNATURE, signature)
    (folder / DATA).chmod(0o644)


class _Checked:
    """What an item puts into the payload, read against its digest: a patch is still the one that was proved."""

    def __init__(self, item: CarriedFile) -> None:
        self._item, self._sha, self._chunks = item, hashlib.sha256(), self._read()

    def read(self, size: int = -1, /) -> bytes:  # noqa: ARG002  what comes is of the file's own choice
        return next(self._chunks, b"")

    def _read(self) -> Iterator[bytes]:
        with self._item.source.open("rb") as file:
            while data := file.read(1 << 20):
                self._sha.update(data)
                yield data
        if self._sha.hexdigest() != self._item.sha256:
            fact = "has another content than when it was made"
            step = "remove it, and run the same command again" if self._item.patch else "bedplate bundle verify"
            raise BedplateError(f"file {self._item.source}", fact, step)


def _delta_file(plan: DeltaPlan, parts: list[PayloadPart]) -> DeltaFile:
    offsets = accumulate((item.length for item in plan.items), initial=0)
    carried = [
        PayloadEntry(path=item.file.path, offset=offset, length=item.length, patch=item.patch, base=item.base)
        for item, offset in zip(plan.items, offsets, strict=False)
    ]
    sizes = plan.have.sizes()
    needed = {file.sha256 for file in plan.kept} | {item.base for item in plan.items if item.base}
    return DeltaFile(
        release=plan.manifest.release,
        bundle=hashlib.sha256(plan.signed.manifest).hexdigest(),
        size=plan.full,
        bases=sorted(held.release for held in plan.have.releases),
        requires=[RequiredBlob(sha256=sha256, size=sizes[sha256]) for sha256 in sorted(needed)],
        carried=carried,
        parts=parts,
    )


def _json(delta: DeltaFile) -> bytes:
    return digest.canonical(delta.model_dump()) + b"\n"
