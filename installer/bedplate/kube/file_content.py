"""Reading a file with limits on its size and lines: plain or gzip, UTF-8 text, not binary."""

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
"""Ten thousand objects are about 15 MiB; this size, parsed, fits into 500 MB."""
MAX_LINE = 32 * MIB
"""A whole list of objects may be on one line; no object is larger than 3 MiB
(https://etcd.io/docs/v3.6/dev-guide/limit/ and the API server's own limit of a request)."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """The content of a file.

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
    """Return a file's content; raise InputError if it cannot be read."""
    shown = name or yaml_document.display_path(path)
    try:
        with path.open("rb") as file:
            return _checked(shown, _bounded(file, shown))
    except OSError as error:
        fact = f"cannot be read: {error.strerror or error}"
        raise InputError("file", fact, "name a file you may read", SourceLocation(shown)) from error


def read_stdin() -> FileContent:
    """Return the content of standard input."""
    return _checked("standard input", _bounded(BufferedReader(cast(Any, sys.stdin.buffer)), "standard input"))


def _bounded(file: BufferedReader, name: str) -> bytes:
    chunks: list[bytes] = []
    total = line = 0
    for chunk in _unpacked(file, name):
        total += len(chunk)
        first, last = chunk.find(b"\n"), chunk.rfind(b"\n")
        if line + (first if first >= 0 else len(chunk)) > MAX_LINE:
            number = sum(one.count(b"\n") for one in chunks) + 1
            fact = f"is longer than {MAX_LINE // MIB} MiB, more than a Kubernetes object can have"
            raise InputError("line", fact, "write one object per line, or YAML", SourceLocation(name, number))
        line = len(chunk) - last - 1 if last >= 0 else line + len(chunk)
        if total > MAX_FILE:
            fact = f"is larger than {MAX_FILE // MIB} MiB"
            raise InputError("file", fact, "split it into a directory of files", SourceLocation(name))
        chunks.append(chunk)
    return b"".join(chunks)


def _unpacked(file: BufferedReader, name: str) -> Iterator[bytes]:
    """Yield a stream's bytes; gzip is recognized by its first two bytes, not by the file's name."""
    if not file.peek(len(GZIP)).startswith(GZIP):
        while chunk := file.read(MIB):
            yield chunk
        return
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as packed:
            while chunk := packed.read(MIB):
                yield chunk
    except EOFError:
        raise InputError("gzip file", "ends too early", "copy it again", SourceLocation(name)) from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise InputError("gzip file", f"is damaged: {error}", "copy it again", SourceLocation(name)) from error


def _checked(name: str, data: bytes) -> FileContent:
    content = FileContent(name, data.removeprefix(b"\xef\xbb\xbf"))
    if (at := content.data.find(b"\0")) >= 0:
        step = "give YAML or JSON, which may be compressed with gzip"
        raise InputError("file", "is binary: it contains a NUL byte", step, SourceLocation(name, content.line(at)))
    try:
        content.data.decode()
    except UnicodeDecodeError as error:
        where = SourceLocation(name, content.line(error.start))
        raise InputError("text", "is not UTF-8", "save it as UTF-8 text", where) from error
    return content
