"""Read which packages a tar holds: an image's layer, or an artifact of compiled programs."""

from __future__ import annotations

import io
import lzma
import tarfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import zstandard

from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.package import Contents, Package

ZSTD, XZ = b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0"


def read_tar(path: Path, ecosystems: Iterable[Ecosystem]) -> Contents:
    """Return the packages in a tar, compressed or not; it is read once, from beginning to end.

    Args:
        path: the tar.
        ecosystems: whose packages to look for; the first that recognizes a file's name reads it.
    """
    installed: list[Package] | None = None
    packages: list[Package] = []
    known = list(ecosystems)
    with path.open("rb") as file, tarfile.open(fileobj=decompressed(file), mode="r|") as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            ecosystem = next((one for one in known if member.isreg() and one.has_metadata(name, member.size)), None)
            source = tar.extractfile(member) if ecosystem else None
            if ecosystem is None or source is None:
                continue
            if ecosystem.is_database:
                installed = ecosystem.read_packages(source)
            else:
                packages += ecosystem.read_packages(source)
    return Contents(installed=installed, packages=_each_once(packages))


def decompressed(file: IO[bytes]) -> IO[bytes]:
    """Return a stream's content, decompressed if it is compressed."""
    start = file.read(len(XZ))
    file.seek(-len(start), io.SEEK_CUR)
    if start.startswith(ZSTD):
        return zstandard.ZstdDecompressor().stream_reader(file)
    return lzma.open(file) if start.startswith(XZ) else file


def _each_once(packages: list[Package]) -> list[Package]:
    return [package for _, package in sorted({package.key: package for package in packages}.items())]
