"""Chunks of an unpacked blob: the headers and files of a tar, by name."""

from __future__ import annotations

import re
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bedplate.delta.file_slice import FileSlice

REST = ""
NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some bytes of a file, with a name.

    Attributes:
        name: `file PATH` or `head PATH`; REST for what is not in a tar.
        start: offset of its first byte.
        end: offset after its last byte.
    """

    name: str
    start: int
    end: int

    @property
    def size(self) -> int:
        """Return its length."""
        return self.end - self.start

    @property
    def unnumbered_name(self) -> str:
        """Return its name with every number as 0, since versions change them."""
        return NUMBER.sub("0", self.name)


def chunks(unpacked: Path, content: int) -> Iterator[Chunk]:
    """Yield all of a file as chunks, in order, without gaps.

    Args:
        unpacked: the file.
        content: where tars may begin; the bytes before are one chunk.
    """
    end, at = unpacked.stat().st_size, content
    if content:
        yield Chunk("frame", 0, content)
    for name, data, stated in _members(unpacked, content):
        size = min(stated, end - data)  # the file may be truncated
        yield Chunk(f"head {name}", at, data)  # with the padding of the member before
        if size:
            yield Chunk(f"file {name}", data, data + size)
        at = data + size
    if end > at:
        yield Chunk(REST, at, end)


def _members(unpacked: Path, content: int) -> Iterator[tuple[str, int, int]]:
    """Yield the name, data offset and data size of a tar's members; end where there is no tar, or no more of it."""
    with unpacked.open("rb") as file, suppress(tarfile.TarError):
        if FileSlice(file, content + 257, 5).read() != b"ustar":
            return
        file.seek(content)
        # two tars may follow each other, as in a package
        with tarfile.open(fileobj=file, mode="r:", ignore_zeros=True) as tar:
            known: list[tarfile.TarInfo] = vars(tar)["members"]
            while member := tar.next():
                known.clear()  # it would grow with the tar
                yield member.name, member.offset_data, member.size if member.isreg() else 0
