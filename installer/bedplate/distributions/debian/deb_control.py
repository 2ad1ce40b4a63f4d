"""Read a Debian package's control file without dpkg (deb(5), deb-control(5))."""

from __future__ import annotations

import io
import lzma
import re
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import zstandard

from bedplate.core.errors import BedplateError

AR_MAGIC = b"!<arch>\n"
AR_HEADER = 60
Control = Mapping[str, str]


def read_control(path: Path) -> str:
    """Return a package's control file, which is also its stanza in an apt repository."""
    with path.open("rb") as file:
        if file.read(len(AR_MAGIC)) != AR_MAGIC:
            raise BedplateError(f"file {path}", "is not a Debian package", "check where it comes from")
        while len(header := file.read(AR_HEADER)) == AR_HEADER:
            name, size = header[:16].decode().strip().rstrip("/"), int(header[48:58])
            if name.startswith("control.tar"):
                return _control(name, file.read(size))
            file.seek(size + size % 2, io.SEEK_CUR)
    raise BedplateError(f"file {path}", "is a Debian package without a control file", "check where it comes from")


def _control(name: str, data: bytes) -> str:
    if name.endswith(".xz"):
        data = lzma.decompress(data)
    elif name.endswith(".zst"):
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        member = next(m for m in tar if m.name in ("./control", "control"))
        file = tar.extractfile(member)
        return file.read().decode() if file else ""


def parse_stanza(stanza: str) -> dict[str, str]:
    """Return a stanza's fields; continued lines are joined by a newline."""
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line[:1] in (" ", "\t"):
            fields[name] += "\n" + line
        elif ":" in line:
            name, _, value = line.partition(":")
            fields[name] = value.strip()
    return fields


def dependency_closure(roots: Iterable[str], packages: Mapping[str, Control]) -> list[str]:
    """Return the packages that some roots need, from a set that apt found complete.

    Versions are not compared: the set has one version of each package. Of alternatives, the first
    in the set counts, by name or by what a package provides.
    """
    provided: dict[str, str] = {}
    for package in sorted(packages, reverse=True):
        provided.update(dict.fromkeys(_names(packages[package].get("Provides", "")), package))
    provided.update({package: package for package in packages})
    closure: set[str] = set()
    todo = list(roots)
    while todo:
        package = provided.get(todo.pop(), "")
        if package and package not in closure:
            closure.add(package)
            for field in ("Depends", "Pre-Depends"):
                todo += _chosen(packages[package].get(field, ""), provided)
    return sorted(closure)


def _chosen(dependencies: str, provided: Mapping[str, str]) -> list[str]:
    groups = [_names(group, r"\|") for group in dependencies.split(",") if group.strip()]
    return [next((name for name in group if name in provided), group[0]) for group in groups]


def _names(text: str, separator: str = ",") -> list[str]:
    return [match[1] for part in re.split(separator, text) if (match := re.match(r"\s*([a-z0-9][a-z0-9+.-]+)", part))]
