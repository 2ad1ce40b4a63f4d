"""Finding the blocks of an .xz file without decoding them.

Format: https://tukaani.org/xz/xz-file-format.txt. dpkg-deb writes the sizes into each block's header, because it uses
liblzma's threaded encoder. So a block can be decoded and encoded again on its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from mmap import mmap

Buffer = bytes | mmap

MAGIC = b"\xfd7zXZ\0"
HEADER = 12
LZMA2 = 0x21
CHECK_BYTES = (0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64)
HAS_PACKED, HAS_SIZE, FILTERS = 0x40, 0x80, 0x03


def blocks(data: Buffer, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield each block's encoded data as (offset, length, decoded length); nothing for any other format.

    Args:
        data: bytes with an .xz file in them.
        at: offset of the file's first byte.
        end: offset after its last byte.
    """
    if data[at : at + len(MAGIC)] != MAGIC:
        return
    check, at = CHECK_BYTES[data[at + 7] & 0x0F], at + HEADER
    while at < end and data[at]:
        flags, start = data[at + 1], at + (data[at] + 1) * 4
        if flags & (HAS_PACKED | HAS_SIZE) != HAS_PACKED | HAS_SIZE or flags & FILTERS:
            return
        packed, after = _number(data, at + 2)
        size, after = _number(data, after)
        if data[after] != LZMA2:
            return
        yield start, packed, size
        at = start + packed + -packed % 4 + check


def _number(data: Buffer, at: int) -> tuple[int, int]:
    """Return a variable-length integer (section 1.2) and the offset after it."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if not data[at - 1] & 0x80:
            return value, at
