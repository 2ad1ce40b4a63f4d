"""Read advisories from a file: a JSON record, a list, one record per line, a zip of records, or a folder of them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bedplate.core.errors import InputError, SourceLocation
from bedplate.cve.advisory import Advisory

LARGEST = 32 << 20
"""Most bytes of one record in a zip; a larger one is not an advisory."""


def read_advisories(path: Path) -> Iterator[Advisory]:
    """Yield every advisory; raise InputError with file and line for one that cannot be read."""
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield from _records(file.read_bytes(), str(file))
    elif not path.is_file():
        raise InputError(f"advisories {path}", "do not exist", "carry an OSV export in, such as all.zip")
    elif zipfile.is_zipfile(path):
        yield from _zipped(path)
    elif path.suffix in {".jsonl", ".ndjson"}:
        yield from _lines(path)
    else:
        yield from _records(path.read_bytes(), str(path))


def _zipped(path: Path) -> Iterator[Advisory]:
    with zipfile.ZipFile(path) as archive:
        for member in sorted(archive.namelist()):
            if not member.endswith(".json"):
                continue
            with archive.open(member) as file:
                data = file.read(LARGEST + 1)
            if len(data) > LARGEST:
                raise InputError(f"file {member} in {path}", f"is larger than {LARGEST} bytes", "use another export")
            yield from _records(data, f"{path}!{member}")


def _lines(path: Path) -> Iterator[Advisory]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield from _records(line, str(path), number)


def _records(data: bytes, file: str, line: int = 0) -> Iterator[Advisory]:
    try:
        value: Any = json.loads(data)
        for record in value if isinstance(value, list) else [value]:
            yield Advisory.model_validate(record)
    except (ValueError, RecursionError) as error:
        fact = "is not an OSV record"
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise InputError("advisory", f"{fact} ({detail})", "export again", SourceLocation(file, line)) from error
