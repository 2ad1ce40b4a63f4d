"""Go modules inside artifacts: the linker writes into a program which modules it was linked from.

Format: https://github.com/golang/go/blob/go1.25.3/src/debug/buildinfo/buildinfo.go (since Go 1.18).
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from typing import IO

import semver

from bedplate.artifacts.ecosystem import Ecosystem
from bedplate.artifacts.package import Package
from bedplate.artifacts.semantic_version import parse_semantic

GO = "golang"
SMALLEST_PROGRAM = 100_000
NO_PROGRAMS = (".so", ".a", ".js", ".json", ".html", ".css", ".py")
ELF = b"\x7fELF"
MAGIC = b"\xff Go buildinf:"
HEADER, FLAGS, INLINE = 32, 15, 2
SENTINEL = 16
"""Length of the markers before and after the list of modules."""
CHUNK = 1 << 20
LONGEST = 1 << 20
"""Longer than any list of modules; Kubernetes' has 20 kB."""
NO_VERSION = ("", "(devel)")
VERSION = re.compile(r"go([0-9][^ ]*)")


class GoModules(Ecosystem):
    """The ecosystem of Go modules."""

    purl_type = GO
    osv_name = "Go"

    def has_metadata(self, path: str, size: int) -> bool:
        """Return whether it may be a program."""
        return size >= SMALLEST_PROGRAM and not path.endswith(NO_PROGRAMS)

    def read_packages(self, file: IO[bytes]) -> list[Package]:
        """Return the modules that a program was linked from."""
        return read_program(file)

    def parse_version(self, text: str) -> semver.Version:
        """Return a version of a module, or of Go itself."""
        return parse_semantic(text)

    def linked_digest(self, package: Package) -> dict[str, str]:
        """Return the hash that go.sum has of a module; the standard library has none."""
        if not package.go_sum:
            return {}
        return {"dirHash": base64.b64decode(package.go_sum.removeprefix("h1:")).hex()}


def read_program(program: IO[bytes]) -> list[Package]:
    """Return the modules and the standard library of a Go program; nothing if the file is not one."""
    info = _build_info(program)
    return list(_packages(*info)) if info else []


def _build_info(program: IO[bytes]) -> tuple[str, str] | None:
    """Return Go's version and the list of modules; the magic number alone is also in programs that search for it."""
    window = b""
    while chunk := program.read(CHUNK):
        window += chunk
        start = window.find(MAGIC)
        while start >= 0:
            if len(window) < start + LONGEST:
                window += program.read(LONGEST)
            if info := _decode(window[start : start + LONGEST]):
                return info
            start = window.find(MAGIC, start + 1)
        window = window[-len(MAGIC) :]
    return None


def _decode(data: bytes) -> tuple[str, str] | None:
    if len(data) <= HEADER or not data[FLAGS] & INLINE:
        return None
    stream = io.BytesIO(data[HEADER:])
    version, modules = _string(stream), _string(stream)
    if not VERSION.match(version.decode(errors="replace")) or len(modules) <= 2 * SENTINEL:
        return None
    return version.decode(), modules[SENTINEL:-SENTINEL].decode(errors="replace")


def _string(stream: io.BytesIO) -> bytes:
    length = shift = 0
    while byte := stream.read(1):
        length |= (byte[0] & 127) << shift
        shift += 7
        if not byte[0] & 128:
            break
    return stream.read(length)


def _packages(version: str, modules: str) -> Iterator[Package]:
    match = VERSION.match(version)
    number = match[1] if match else version
    yield Package(ecosystem=GO, name="stdlib", version=number, licence="BSD-3-Clause")
    lines = [line.split("\t") for line in modules.splitlines()]
    for line, after in zip(lines, [*lines[1:], [""]], strict=True):
        if line[0] not in {"mod", "dep"}:
            continue
        _, path, number, checksum = [*(after if after[0] == "=>" else line), "", "", ""][:4]
        if number not in NO_VERSION:
            yield Package(ecosystem=GO, name=path, version=number, go_sum=checksum)
