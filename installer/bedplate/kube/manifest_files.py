"""Files of Kubernetes objects: YAML, JSON, and what `bedplate render` prints."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bedplate.config import yaml_document
from bedplate.core.errors import InputError, SourceLocation
from bedplate.kube import json_text, yaml_text
from bedplate.kube.file_content import read_file
from bedplate.kube.normalize import RawValue
from bedplate.kube.raw_document import PACKED, DocumentForm, RawDocument, split_documents

SUFFIXES = (".yaml", ".yml", ".json", ".jsonl")
KEYS = {"component", "layer", "object"}


def read_folder(folder: Path) -> Iterator[RawDocument]:
    """Yield the raw documents of all files under a folder, sorted; hidden files and folders are left out."""
    for path in _files(folder):
        yield from split_documents(read_file(path))


def values_in(raw_document: RawDocument) -> Iterator[RawValue]:
    """Yield the values in a raw document that is not a HostSpec."""
    match raw_document.form:
        case DocumentForm.CANONICAL:
            yield _rendered(
                json_text.parse_line(raw_document.text, raw_document.file, raw_document.before + 1),
                raw_document.location,
            )
        case DocumentForm.JSON:
            for line, value in json_text.parse_all(raw_document.text, raw_document.file):
                yield RawValue(value, SourceLocation(raw_document.file, line), {})
        case _:
            value, lines = yaml_text.parse(raw_document.text, raw_document.file, raw_document.before)
            if value is not None:
                yield RawValue(value, raw_document.location, lines)


def _rendered(value: Any, location: SourceLocation) -> RawValue:
    if not (isinstance(value, dict) and value.keys() >= KEYS and isinstance(value["component"], str)):
        fact = "lacks one of the keys component, layer and object"
        raise InputError("line", fact, "write the file again with `bedplate render`", location)
    return RawValue(value["object"], location, {}, value["component"])


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []

    def fail(error: OSError) -> None:
        where = SourceLocation(yaml_document.display_path(Path(error.filename)))
        raise InputError("directory", f"cannot be read: {error.strerror}", "name one you may read", where) from error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if _is_manifest(name)]
    if not found:
        fact = f"contains no file that ends in {', '.join(SUFFIXES)}, or in one of these followed by {PACKED}"
        raise InputError(
            "directory", fact, "name the directory with the objects", SourceLocation(yaml_document.display_path(folder))
        )
    return sorted(found)


def _is_manifest(name: str) -> bool:
    return not name.startswith(".") and name.removesuffix(PACKED).endswith(SUFFIXES)
