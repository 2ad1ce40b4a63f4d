"""Patches of blobs: making a file that turns an older blob (or nothing) into a new one, and applying it.

Format: 8 bytes with the length of the header, the header (JSON, zstd), then the frames of its windows in order.
"""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path
from typing import IO

import zstandard

from bedplate.config.base import Model
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.delta import segments
from bedplate.delta.chunk import chunks
from bedplate.delta.file_slice import FileSlice, copy
from bedplate.delta.patch_steps import (
    DICTIONARY_SIZE,
    WINDOW_SIZE,
    CopyStep,
    OlderContent,
    Range,
    WindowStep,
    plan_steps,
)
from bedplate.delta.segments import Segment

FORMAT = 1
"""Part of a patch's recipe: increase it when the same blobs would give another patch."""
LEVEL = 6
LARGE = 1 << 20
TABLE = 22
"""log2 of the entries in the match finder's tables; fewer than dictionary bytes / 4 would forget most of it."""
DISTANCE = (DICTIONARY_SIZE + WINDOW_SIZE - 1).bit_length()
LENGTH = struct.Struct(">Q")
LARGEST_HEAD = 64 << 20
NOTHING = Path(os.devnull)
SHORTEST_DICTIONARY = 8
"""Bytes; zstd ignores a shorter one."""


class PatchHead(Model):
    """The header of a patch.

    Attributes:
        old: segments of the older blob.
        new: segments of the new blob.
        steps: how to make the new unpacked form from the older one.
    """

    old: list[Segment]
    new: list[Segment]
    steps: list[CopyStep | WindowStep]


def make_patch(old: Path | None, new: Path, encoders: set[str], patch: Path, scratch: Path) -> None:
    """Write the patch that makes one blob from another.

    Args:
        old: the older blob; None to make it from nothing.
        new: the new blob.
        encoders: names of the encoders that are there where the patch is applied.
        patch: the file to write.
        scratch: an empty folder on a disk with room for both unpacked blobs.
    """
    head = PatchHead(
        old=segments.find_segments(old) if old else [],
        new=segments.reproducible_segments(new, encoders, scratch),
        steps=[],
    )
    target, frames = segments.unpack(new, head.new, scratch / "new"), scratch / "frames"
    older = segments.unpack(old, head.old, scratch / "old") if old else NOTHING
    known = OlderContent(older, chunks(older, segments.content_start(head.old))) if old else None
    planned = plan_steps(known, target, chunks(target, segments.content_start(head.new)))
    with older.open("rb") as base, target.open("rb") as source, frames.open("wb") as out:
        steps = [_encoded(step, FileSlice(source, at, _size(step)), base, out) for step, at in planned]
    packed = zstandard.compress(digest.canonical(head.model_copy(update={"steps": steps}).model_dump()), 19)
    with patch.open("wb") as out, frames.open("rb") as file:
        out.write(LENGTH.pack(len(packed)) + packed)
        shutil.copyfileobj(file, out, 1 << 20)


def _size(step: CopyStep | WindowStep) -> int:
    return step.old[1] if isinstance(step, CopyStep) else step.size


def _encoded(step: CopyStep | WindowStep, content: FileSlice, base: IO[bytes], out: IO[bytes]) -> CopyStep | WindowStep:
    """Write a window's frame, and return the step with the frame's length."""
    if isinstance(step, CopyStep):
        return step
    near = _dictionary(step.near, base)
    size = len(near.as_bytes()) if near else 0
    large = {"hash_log": TABLE, "chain_log": TABLE, "window_log": DISTANCE, "enable_ldm": True}
    settings = large if step.size + size > LARGE else {}
    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL, source_size=step.size, dict_size=size, **settings
    )
    frame = zstandard.ZstdCompressor(dict_data=near, compression_params=parameters).compress(content.read())
    out.write(frame)
    return step.model_copy(update={"packed": len(frame)})


def _dictionary(near: list[Range], base: IO[bytes]) -> zstandard.ZstdCompressionDict | None:
    data = b"".join(FileSlice(base, start, size).read() for start, size in near)
    raw = zstandard.DICT_TYPE_RAWCONTENT
    return zstandard.ZstdCompressionDict(data, dict_type=raw) if len(data) >= SHORTEST_DICTIONARY else None


def apply_patch(patch: Path, old: Path | None, new: Path, scratch: Path) -> None:
    """Write the blob that a patch makes from an older one; the caller verifies its digest.

    Args:
        patch: the patch.
        old: the older blob.
        new: where the new blob is written.
        scratch: an empty folder on a disk with room for both unpacked blobs.
    """
    target = scratch / "new"
    with patch.open("rb") as file, target.open("wb") as out:
        head = _read_head(file)
        older = segments.unpack(old, head.old, scratch / "old") if old else NOTHING
        with older.open("rb") as base:
            for step in head.steps:
                _apply_step(step, file, base, out)
    segments.pack(target, head.new, new)


def _read_head(file: IO[bytes]) -> PatchHead:
    try:
        (length,) = LENGTH.unpack(file.read(LENGTH.size))
        packed = file.read(min(length, LARGEST_HEAD))
        large = zstandard.frame_content_size(packed) > LARGEST_HEAD
        return PatchHead.model_validate_json(b"" if large else zstandard.decompress(packed))
    except (struct.error, ValueError, zstandard.ZstdError) as error:
        raise BedplateError("patch", f"has no valid header ({error})") from error


def _apply_step(step: CopyStep | WindowStep, file: IO[bytes], base: IO[bytes], out: IO[bytes]) -> None:
    if isinstance(step, CopyStep):
        copy(FileSlice(base, *step.old), out)
        return
    frame = file.read(step.packed)
    if step.size > WINDOW_SIZE or zstandard.frame_content_size(frame) != step.size:
        raise BedplateError("patch", f"has a window of another size than {step.size} bytes")
    decoder = zstandard.ZstdDecompressor(dict_data=_dictionary(step.near, base), max_window_size=1 << DISTANCE)
    out.write(decoder.decompress(frame))
