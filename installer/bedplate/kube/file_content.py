"""A file's content, read within bounds: plain or gzip, UTF-8 text, no binary, no endless line."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from bedplate.config import yaml_document
from bedplate.core.errors import InputError, SourceLocation

STDIN = "-"
GZIP = b"\x1f\x8b"
MIB = 1024 * 1024
MAX_FILE = 128 * MIB
"""Ten thousand objects are about 15 MiB; parsed, this much fits into 500 MB."""
MAX_LINE = 32 * MIB
"""A whole list of objects may stand on one line; no object is larger than 3 MiB
(https://etcd.io/docs/v3.6/dev-guide/limit/ and the API server's own limit of a request)."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """What a file holds.

    Attributes:
        file: its name for messages.
        data: the bytes, unpacked, valid UTF-8 without a byte order mark.
    """

    file: str
    data: bytes

    def line(self, offset: int) -> int:
        """Return the number of the line at an offset."""
        return self.data.count(b"\n", 0, offset) + 1


def read_file(path: Path, name: str = "") -> FileContent:
    """Return a file's content; InputError says why it cannot be read."""
    shown = name or yaml_document.display_path(path)
    try:
        with path.open("rb") as file:
            return _checked(shown, _bounded(file, shown))
    except OSError as error:
        fact = f"cannot be read: {error.strerror or error}"
        raise InputError("file", fact, "name a file you may read", SourceLocation(shown)) from error


def read_stdin() -> FileContent:
    """Return what is fed to this process."""
    return _checked("standard input", _bounded(BufferedReader(cast(Any, sys.stdin.buffer)), "standard input"))


def _bounded(file: BufferedReader, name: str) -> bytes:
    pieces: list[bytes] = []
    total = line = 0
    for piece in _unpacked(file, name):
        total += len(piece)
        first, last = piece.find(b"\n"), piece.rfind(b"\n")
        if line + (first if first >= 0 else len(piece)) > MAX_LINE:
            number = sum(one.count(b"\n") for one in pieces) + 1
            fact = f"is longer than {MAX_LINE // MIB} MiB, which no Kubernetes object is"
            raise InputError("line", fact, "write one object a line, or YAML", SourceLocation(name, number))
        line = len(piece) - last - 1 if last >= 0 else line + len(piece)
        if total > MAX_FILE:
            fact = f"holds more than {MAX_FILE // MIB} MiB"
            raise InputError("file", fact, "split it into a directory of files", SourceLocation(name))
        pieces.append(piece)
    return b"".join(pieces)


def _unpacked(file: BufferedReader, name: str) -> Iterator[bytes]:
    """Yield a stream's bytes; gzip is told by its first two bytes, whatever the file is called."""
    if not file.peek(len(GZIP)).startswith(GZIP):
        while piece := file.read(MIB):
            yield piece
        return
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as packed:
            while piece := packed.read(MIB):
                yield piece
    except EOFError:
        raise InputError("gzip file", "ends too early", "copy it again", SourceLocation(name)) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError("gzip file", f"is damaged: {error}", "copy it again", SourceLocation(name)) from error


def _checked(name: str, data: bytes) -> FileContent:
    content = FileContent(name, data.removeprefix(b"\xef\xbb\xbf"))
    if (at := content.data.find(b"\0")) >= 0:
        step = "give text: YAML, JSON, or either in gzip"
        raise InputError("file", "is binary: it holds a NUL byte", step, SourceLocation(name, content.line(at)))
    try:
        content.data.decode()
    except UnicodeDecodeError as error:
        where = SourceLocation(name, content.line(error.start))
        raise InputError("text", "is not UTF-8", "save it as UTF-8 text", where) from error
    return content
