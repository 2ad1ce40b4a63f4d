"""Segments of a blob: plain bytes, and bytes that an encoder packed; unpacking a blob and packing it again.

In its unpacked form, a blob has all plain segments first, and then the content of all packed ones. So a tar that was
packed in several segments is in one piece. Packed again by the same encoders, the unpacked form gives the blob.
"""

from __future__ import annotations

import mmap
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import IO

import zstandard

from bedplate.config.base import Model
from bedplate.core.errors import BedplateError
from bedplate.delta import encoder, xz
from bedplate.delta.file_slice import FileSlice, copy
from bedplate.distributions.debian.deb_control import AR_HEADER, AR_MAGIC

NOT_PACKED = ""
LONGEST_FRAME_HEADER = 18
"""Bytes; of zstd, https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1 with the magic number."""


class Segment(Model):
    """Some consecutive bytes of a blob.

    Attributes:
        encoder: the name of the encoder that packed it, or NOT_PACKED.
        packed: its length in the blob.
        size: its length unpacked.
    """

    encoder: str = NOT_PACKED
    packed: int
    size: int


def find_segments(blob: Path) -> list[Segment]:
    """Return the segments that a blob seems to have, in order."""
    size = blob.stat().st_size
    if not size:
        return []
    with blob.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        match data[: len(AR_MAGIC)]:
            case magic if magic == AR_MAGIC:
                packed = list(_deb(data))
            case magic if magic[:4] == zstandard.MAGIC_NUMBER.to_bytes(4, "little"):
                packed = [(0, size, _content_size(data))]
            case _:
                packed = []
    name = encoder.DEB.name if len(packed) != 1 or packed[0][1] != size else encoder.LAYER.name
    return list(_segments([block for block in packed if block[2] > 0], name, size))


def _deb(data: mmap.mmap) -> Iterator[tuple[int, int, int]]:
    """Yield the xz blocks of a Debian package's members (deb(5))."""
    at = len(AR_MAGIC)
    while at + AR_HEADER <= len(data):
        size = int(data[at + 48 : at + 58])
        at += AR_HEADER
        yield from xz.blocks(data, at, at + size)
        at += size + size % 2


def _content_size(data: mmap.mmap) -> int:
    """Return the content size that a zstd frame states, -1 if it states none."""
    size = zstandard.frame_content_size(data[:LONGEST_FRAME_HEADER])
    return size if size is not None and size >= 0 else -1


def _segments(packed: Iterable[tuple[int, int, int]], name: str, total: int) -> Iterator[Segment]:
    at = 0
    for start, length, size in packed:
        if start > at:
            yield Segment(packed=start - at, size=start - at)
        yield Segment(encoder=name, packed=length, size=size)
        at = start + length
    if total > at:
        yield Segment(packed=total - at, size=total - at)


def reproducible_segments(blob: Path, encoders: Collection[str], scratch: Path) -> list[Segment]:
    """Return the segments of a blob; a packed one that cannot be reproduced bit for bit counts as plain.

    Args:
        blob: the blob.
        encoders: names of the encoders that the site has, too.
        scratch: a folder for temporary files.
    """
    segments: list[Segment] = []
    with blob.open("rb") as file:
        for segment, start in _with_offsets(find_segments(blob)):
            packed = FileSlice(file, start, segment.packed)
            is_safe = segment.encoder in encoders and _is_reproduced(packed, segment, file, start, scratch)
            segments.append(segment if is_safe else Segment(packed=segment.packed, size=segment.packed))
    return list(_joined(segments))


def _is_reproduced(packed: FileSlice, segment: Segment, file: IO[bytes], start: int, scratch: Path) -> bool:
    with (scratch / "unpacked").open("w+b") as content, (scratch / "packed").open("w+b") as again:
        chosen = encoder.ENCODERS[segment.encoder]
        chosen.unpack(packed, content)
        if content.tell() != segment.size:
            return False
        content.seek(0)
        chosen.pack(content, segment.size, again)
        return again.tell() == segment.packed and _are_equal(
            FileSlice(again, 0, segment.packed), FileSlice(file, start, again.tell())
        )


def _are_equal(one: FileSlice, other: FileSlice) -> bool:
    while data := one.read(encoder.CHUNK):
        if data != other.read(len(data)):
            return False
    return True


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Join neighbouring plain segments."""
    for name, group in groupby(segments, key=lambda segment: segment.encoder):
        if name == NOT_PACKED:
            size = sum(segment.size for segment in group)
            yield Segment(packed=size, size=size)
        else:
            yield from group


def _with_offsets(segments: Iterable[Segment]) -> Iterator[tuple[Segment, int]]:
    """Yield each segment with its offset in the blob."""
    at = 0
    for segment in segments:
        yield segment, at
        at += segment.packed


def content_start(segments: Iterable[Segment]) -> int:
    """Return the offset in the unpacked form at which the content of packed segments begins; 0 if none is packed."""
    listed = list(segments)
    plain = sum(segment.size for segment in listed if segment.encoder == NOT_PACKED)
    return plain if any(segment.encoder for segment in listed) else 0


def unpack(blob: Path, segments: list[Segment], target: Path) -> Path:
    """Return a file with a blob's unpacked form: the target, or the blob itself if no segment is packed."""
    if not any(segment.encoder for segment in segments):
        return blob
    _write_unpacked(blob, segments, target)
    return target


def _write_unpacked(blob: Path, segments: list[Segment], target: Path) -> None:
    with blob.open("rb") as file, target.open("wb") as out:
        for is_packed in (False, True):
            for segment, start in _with_offsets(segments):
                if bool(segment.encoder) == is_packed:
                    _unpack_segment(FileSlice(file, start, segment.packed), segment, out)


def _unpack_segment(packed: FileSlice, segment: Segment, out: IO[bytes]) -> None:
    before = out.tell()
    if segment.encoder:
        _encoder_of(segment).unpack(packed, out)
    else:
        copy(packed, out)
    if out.tell() - before != segment.size:
        raise BedplateError("blob", f"unpacks to {out.tell() - before} bytes instead of {segment.size}")


def pack(source: Path, segments: list[Segment], target: Path) -> None:
    """Write the blob whose unpacked form is given; the source is moved if no segment is packed."""
    if not any(segment.encoder for segment in segments):
        source.replace(target)
        return
    plain, content = 0, sum(segment.size for segment in segments if not segment.encoder)
    with source.open("rb") as file, target.open("wb") as out:
        for segment in segments:
            if segment.encoder:
                _encoder_of(segment).pack(FileSlice(file, content, segment.size), segment.size, out)
                content += segment.size
            else:
                plain += copy(FileSlice(file, plain, segment.size), out)


def _encoder_of(segment: Segment) -> encoder.Encoder:
    if segment.encoder not in encoder.ENCODERS:
        step = "use the bedplate of the release that made the delta"
        raise BedplateError(f"encoder {segment.encoder}", "is unknown to this installer", step)
    return encoder.ENCODERS[segment.encoder]
