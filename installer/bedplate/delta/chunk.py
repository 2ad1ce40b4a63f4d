"""The pieces of something unpacked: a tar's headers and files, by their names."""

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
    """A stretch with a name.

    Attributes:
        name: `file PATH` or `head PATH`; WHOLE where the rest is no tar.
        start: where it begins.
        end: where it ends.
    """

    name: str
    start: int
    end: int

    @property
    def size(self) -> int:
        """Return its length."""
        return self.end - self.start

    @property
    def alike(self) -> str:
        """Return its name without numbers, which change from version to version."""
        return NUMBER.sub("0", self.name)


def chunks(unpacked: Path, content: int) -> Iterator[Chunk]:
    """Yield all of a file as pieces, in order, without gaps.

    Args:
        unpacked: the file.
        content: where tars may begin; what is before them is a piece of its own.
    """
    end, at = unpacked.stat().st_size, content
    if content:
        yield Chunk("frame", 0, content)
    for name, data, stated in _members(unpacked, content):
        size = min(stated, end - data)  # it may be cut off
        yield Chunk(f"head {name}", at, data)  # with the padding of the member before
        if size:
            yield Chunk(f"file {name}", data, data + size)
        at = data + size
    if end > at:
        yield Chunk(REST, at, end)


def _members(unpacked: Path, content: int) -> Iterator[tuple[str, int, int]]:
    """Yield a tar's members: name, place of the data and its size; nothing where there is no tar, or no more of it."""
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
