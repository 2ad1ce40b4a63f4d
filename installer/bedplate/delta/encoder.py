"""Encoders (zstd, lzma2) whose output is reproducible bit for bit, and the fingerprints that tell them apart.

A digest covers compressed bytes, but only unpacked content can be compared with an older version. So a delta
carries the difference between unpacked contents, and the site compresses the result again. That gives the same bytes
only with the same encoder. So each encoder has a fingerprint. The site's inventory file has its fingerprints, and a
delta relies on an encoder only if they are equal.
"""

from __future__ import annotations

import hashlib
import io
import lzma
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import IO, cast

import zstandard

from bedplate.artifacts.image import layer
from bedplate.delta.file_slice import Readable

CHUNK = 1 << 20
SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Encoder:
    """A compressor and its decompressor.

    Attributes:
        name: its name in deltas.
        pack: compresses a number of bytes of a source.
        unpack: decompresses all of a source.
    """

    name: str
    pack: Callable[[Readable, int, IO[bytes]], object]
    unpack: Callable[[Readable, IO[bytes]], object]


def _pack_zstd(source: Readable, size: int, target: IO[bytes]) -> None:
    layer.pack(cast("IO[bytes]", source), size, target)


def _unpack_zstd(source: Readable, target: IO[bytes]) -> None:
    zstandard.ZstdDecompressor().copy_stream(cast("IO[bytes]", source), target)


LZMA2_FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6}]
"""As dpkg-deb's default: https://manpages.debian.org/bookworm/dpkg-dev/dpkg-deb.1.en.html (-z6)."""


def _pack_lzma2(source: Readable, size: int, target: IO[bytes]) -> None:
    encoder = lzma.LZMACompressor(format=lzma.FORMAT_RAW, filters=LZMA2_FILTERS)
    for start in range(0, size, CHUNK):
        target.write(encoder.compress(source.read(min(CHUNK, size - start))))
    target.write(encoder.flush())


def _unpack_lzma2(source: Readable, target: IO[bytes]) -> None:
    decoder = lzma.LZMADecompressor(format=lzma.FORMAT_RAW, filters=LZMA2_FILTERS)
    while not decoder.eof:
        data = source.read(CHUNK) if decoder.needs_input else b""
        if decoder.needs_input and not data:
            break
        target.write(decoder.decompress(data, CHUNK))


LAYER = Encoder("zstd-3", _pack_zstd, _unpack_zstd)
DEB = Encoder("lzma2-6", _pack_lzma2, _unpack_lzma2)
ENCODERS = {encoder.name: encoder for encoder in (LAYER, DEB)}


@cache
def fingerprints() -> dict[str, str]:
    """Return the digest of each encoder's output for a sample, on this machine."""
    return {name: _fingerprint(encoder) for name, encoder in sorted(ENCODERS.items())}


def _fingerprint(encoder: Encoder) -> str:
    sample, out = _sample(), io.BytesIO()
    encoder.pack(io.BytesIO(sample), len(sample), out)
    return hashlib.sha256(out.getvalue()).hexdigest()


def _sample() -> bytes:
    """Return bytes with near and far repetitions, as in programs, so that the encoder uses all of its methods."""
    words = [hashlib.sha256(bytes([number])).digest()[: 3 + number % 29] for number in range(256)]
    out, state = bytearray(), 1
    while len(out) < SAMPLE_BYTES:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        out += words[(state >> 16) & 0xFF]
    return bytes(out[:SAMPLE_BYTES])
