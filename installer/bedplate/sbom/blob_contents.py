"""What is inside one blob: a layer, an artifact's tar, a Debian package, a wheel."""

from __future__ import annotations

import io
import lzma
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import zstandard
from pydantic import Field

from bedplate.artifacts.deb import deb_control
from bedplate.config.base import Model
from bedplate.sbom import dpkg, go_modules, npm_packages, python_metadata
from bedplate.sbom.package import Package

SMALLEST_PROGRAM = 100_000
LARGEST_TEXT = 16 << 20
ZSTD, XZ = b"\x28\xb5\x2f\xfd", b"\xfd7zXZ\0"


class Contents(Model):
    """The packages found in one blob."""

    installed: list[Package] | None = Field(None, description="what dpkg has; of an image, the topmost layer's counts")
    packages: list[Package] = Field(default_factory=list, description="all others")


def read_tar(path: Path) -> Contents:
    """Return what a tar holds, compressed or not, read once from its beginning to its end."""
    installed: list[Package] | None = None
    packages: list[Package] = []
    with path.open("rb") as file, tarfile.open(fileobj=_plain(file), mode="r|") as tar:
        for member in tar:
            name = member.name.removeprefix("./")
            if not member.isreg() or not _is_wanted(name, member.size):
                continue
            source = tar.extractfile(member)
            if source is None:
                continue
            if name == dpkg.STATUS:
                installed = dpkg.read_status(_text(source))
            elif python_metadata.METADATA.fullmatch(name):
                packages.append(python_metadata.read_metadata(_text(source)))
            elif npm_packages.PACKAGE.fullmatch(name):
                packages += npm_packages.read_package(_text(source))
            else:
                packages += go_modules.read_program(source)
    return Contents(installed=installed, packages=_each_once(packages))


def read_deb(path: Path) -> Contents:
    """Return a Debian package, with the licences that its copyright file names."""
    package = dpkg.read_stanza(deb_control.parse(deb_control.read_control(path)))
    with _data(path) as tar:
        for member in tar:
            match = dpkg.COPYRIGHT.fullmatch(member.name.removeprefix("./"))
            if match and match["package"] == package.name and (source := tar.extractfile(member)):
                said = dpkg.read_copyright(_text(source))
                return Contents(packages=[package.model_copy(update={"licence": said})])
    return Contents(packages=[package])


def read_wheel(path: Path) -> Contents:
    """Return a wheel's package; what it carries besides is part of it."""
    with zipfile.ZipFile(path) as wheel:
        name = next((n for n in wheel.namelist() if python_metadata.METADATA.fullmatch(n) and n.count("/") == 1), "")
        if not name:
            return Contents()
        with wheel.open(name) as source:
            return Contents(packages=[python_metadata.read_metadata(_text(source))])


def _is_wanted(name: str, size: int) -> bool:
    if name == dpkg.STATUS or python_metadata.METADATA.fullmatch(name) or npm_packages.PACKAGE.fullmatch(name):
        return True
    return size >= SMALLEST_PROGRAM and not name.endswith((".so", ".a", ".js", ".json", ".html", ".css", ".py"))


def _each_once(packages: list[Package]) -> list[Package]:
    return [one for _, one in sorted({package.key: package for package in packages}.items())]


def _text(source: IO[bytes]) -> str:
    return source.read(LARGEST_TEXT).decode(errors="replace")


def _plain(file: IO[bytes]) -> IO[bytes]:
    """Return a stream's content, unpacked if need be."""
    start = file.read(len(XZ))
    file.seek(-len(start), io.SEEK_CUR)
    if start.startswith(ZSTD):
        return zstandard.ZstdDecompressor().stream_reader(file)
    return lzma.open(file) if start.startswith(XZ) else file


@contextmanager
def _data(path: Path) -> Iterator[tarfile.TarFile]:
    """Open the tar with a Debian package's files (deb(5)), as a stream: what lies behind is not unpacked."""
    with path.open("rb") as file:
        file.seek(len(deb_control.AR_MAGIC))
        while len(header := file.read(deb_control.AR_HEADER)) == deb_control.AR_HEADER and not header.startswith(
            b"data.tar"
        ):
            size = int(header[48:58])
            file.seek(size + size % 2, io.SEEK_CUR)
        with tarfile.open(fileobj=_plain(file), mode="r|" if not header.startswith(b"data.tar.gz") else "r|gz") as tar:
            yield tar
