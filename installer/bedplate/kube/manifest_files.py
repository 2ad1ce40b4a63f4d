"""Files of Kubernetes objects, as people and tools write them and as `bedplate render` prints them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bedplate.config import yaml_document
from bedplate.core.errors import InputError, Place
from bedplate.kube import json_text, yaml_text
from bedplate.kube.file_content import read
from bedplate.kube.normalize import Read
from bedplate.kube.raw_document import PACKED, Form, Piece, pieces

SUFFIXES = (".yaml", ".yml", ".json", ".jsonl")
KEYS = {"component", "layer", "object"}


def of_folder(folder: Path) -> Iterator[Piece]:
    """Yield the pieces of a folder's files at any depth, sorted; hidden files and folders are left out."""
    for path in _files(folder):
        yield from pieces(read(path))


def values(piece: Piece) -> Iterator[Read]:
    """Yield the values that stand in a piece which is no HostSpec."""
    match piece.form:
        case Form.CANONICAL:
            yield _rendered(json_text.value(piece.text, piece.file, piece.before + 1), piece.place)
        case Form.JSON:
            for line, value in json_text.values(piece.text, piece.file):
                yield Read(value, Place(piece.file, line), {})
        case _:
            value, lines = yaml_text.parse(piece.text, piece.file, piece.before)
            if value is not None:
                yield Read(value, piece.place, lines)


def _rendered(value: Any, place: Place) -> Read:
    if not (isinstance(value, dict) and value.keys() >= KEYS and isinstance(value["component"], str)):
        fact = "has not the keys component, layer and object"
        raise InputError("line", fact, "write it with `bedplate render` anew", place)
    return Read(value["object"], place, {}, value["component"])


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []

    def fail(error: OSError) -> None:
        where = Place(yaml_document.shown(Path(error.filename)))
        raise InputError("directory", f"cannot be read: {error.strerror}", "name one you may read", where) from error

    for parent, folders, names in os.walk(folder, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent, name) for name in names if _is_manifest(name)]
    if not found:
        fact = f"holds no file that ends in {', '.join(SUFFIXES)}, or one of these and {PACKED}"
        raise InputError("directory", fact, "name the directory with the objects", Place(yaml_document.shown(folder)))
    return sorted(found)


def _is_manifest(name: str) -> bool:
    return not name.startswith(".") and name.removesuffix(PACKED).endswith(SUFFIXES)
