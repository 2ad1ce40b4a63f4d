"""What a blob is made of: stretches that lie as they are, and stretches that an encoder packed.

Unpacked, a blob is first all of the former and then the content of all of the latter, so that a tar which
was packed in several stretches lies there in one piece. Packed again by the same encoders it is the blob.
"""

from __future__ import annotations

import mmap
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import IO

import zstandard

from bedplate.artifacts.deb.deb_control import AR_HEADER, AR_MAGIC
from bedplate.config.base import Model
from bedplate.core.errors import BedplateError
from bedplate.delta import encoder, xz
from bedplate.delta.file_slice import FileSlice, copy

NOT_PACKED = ""
LONGEST_FRAME_HEADER = 18
"""Of zstd, https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1 with the magic number."""


class Segment(Model):
    """A stretch of a blob.

    Attributes:
        encoder: what packed it, AS_IT_LIES if nothing did.
        packed: its length in the blob.
        size: its length unpacked.
    """

    encoder: str = NOT_PACKED
    packed: int
    size: int


def find_segments(blob: Path) -> list[Segment]:
    """Return what a blob seems to be made of, in order."""
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
    return list(_segments([one for one in packed if one[2] > 0], name, size))


def _deb(data: mmap.mmap) -> Iterator[tuple[int, int, int]]:
    """Yield the xz blocks of a Debian package's members (deb(5))."""
    at = len(AR_MAGIC)
    while at + AR_HEADER <= len(data):
        size = int(data[at + 48 : at + 58])
        at += AR_HEADER
        yield from xz.blocks(data, at, at + size)
        at += size + size % 2


def _content_size(data: mmap.mmap) -> int:
    """Return what a zstd frame says of its content's size, -1 if nothing."""
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


def reproducible(blob: Path, encoders: Collection[str], scratch: Path) -> list[Segment]:
    """Return what a blob is made of, where what is not made again bit for bit counts as lying as it is.

    Args:
        blob: the blob.
        encoders: names of those that may be counted on.
        scratch: a folder for what is tried.
    """
    found: list[Segment] = []
    with blob.open("rb") as file:
        for segment, start in _placed(find_segments(blob)):
            span = FileSlice(file, start, segment.packed)
            proven = segment.encoder in encoders and _is_reproduced(span, segment, file, start, scratch)
            found.append(segment if proven else Segment(packed=segment.packed, size=segment.packed))
    return list(_joined(found))


def _is_reproduced(span: FileSlice, segment: Segment, file: IO[bytes], start: int, scratch: Path) -> bool:
    with (scratch / "unpacked").open("w+b") as content, (scratch / "packed").open("w+b") as again:
        chosen = encoder.ENCODERS[segment.encoder]
        chosen.unpack(span, content)
        if content.tell() != segment.size:
            return False
        content.seek(0)
        chosen.pack(content, segment.size, again)
        return again.tell() == segment.packed and _same(
            FileSlice(again, 0, segment.packed), FileSlice(file, start, again.tell())
        )


def _same(one: FileSlice, other: FileSlice) -> bool:
    while data := one.read(encoder.CHUNK):
        if data != other.read(len(data)):
            return False
    return True


def _joined(segments: Iterable[Segment]) -> Iterator[Segment]:
    """Join neighbours that lie as they are."""
    for name, group in groupby(segments, key=lambda segment: segment.encoder):
        if name == NOT_PACKED:
            size = sum(segment.size for segment in group)
            yield Segment(packed=size, size=size)
        else:
            yield from group


def _placed(segments: Iterable[Segment]) -> Iterator[tuple[Segment, int]]:
    """Yield each segment with its place in the blob."""
    at = 0
    for segment in segments:
        yield segment, at
        at += segment.packed


def content_start(segments: Iterable[Segment]) -> int:
    """Return where in the unpacked form the content of the packed stretches begins; 0 if nothing was packed."""
    listed = list(segments)
    lying = sum(segment.size for segment in listed if segment.encoder == NOT_PACKED)
    return lying if any(segment.encoder for segment in listed) else 0


def unpacked(blob: Path, segments: list[Segment], place: Path) -> Path:
    """Return a file with a blob's unpacked form: the blob itself where nothing is packed, or a new one at a place."""
    if not any(segment.encoder for segment in segments):
        return blob
    _unpack(blob, segments, place)
    return place


def _unpack(blob: Path, segments: list[Segment], target: Path) -> None:
    with blob.open("rb") as file, target.open("wb") as out:
        for is_packed in (False, True):
            for segment, start in _placed(segments):
                if bool(segment.encoder) == is_packed:
                    _unpack_one(FileSlice(file, start, segment.packed), segment, out)


def _unpack_one(span: FileSlice, segment: Segment, out: IO[bytes]) -> None:
    before = out.tell()
    if segment.encoder:
        _known(segment).unpack(span, out)
    else:
        copy(span, out)
    if out.tell() - before != segment.size:
        raise BedplateError("blob", f"unpacks to {out.tell() - before} bytes in place of {segment.size}")


def pack(source: Path, segments: list[Segment], target: Path) -> None:
    """Write the blob whose unpacked form is given, which is moved there where nothing is packed."""
    if not any(segment.encoder for segment in segments):
        source.replace(target)
        return
    lying, content = 0, sum(segment.size for segment in segments if not segment.encoder)
    with source.open("rb") as file, target.open("wb") as out:
        for segment in segments:
            if segment.encoder:
                _known(segment).pack(FileSlice(file, content, segment.size), segment.size, out)
                content += segment.size
            else:
                lying += copy(FileSlice(file, lying, segment.size), out)


def _known(segment: Segment) -> encoder.Encoder:
    if segment.encoder not in encoder.ENCODERS:
        step = "use the bedplate of the release that the delta was made with"
        raise BedplateError(f"encoder {segment.encoder}", "is not known to this installer", step)
    return encoder.ENCODERS[segment.encoder]
