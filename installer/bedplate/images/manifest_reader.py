"""Reading the objects in files of Kubernetes YAML, and other mappings in them: values, kustomizations, fragments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bedplate.core.errors import InputError, SourceLocation
from bedplate.kube import file_content, manifest_files
from bedplate.kube.object_id import ObjectId
from bedplate.kube.raw_document import DocumentForm, RawDocument, split_documents


@dataclass(frozen=True, slots=True)
class ManifestObject:
    """An object in a file, or a mapping that is not a Kubernetes object.

    Attributes:
        object: its data.
        location: its file and line.
    """

    object: dict[str, Any]
    location: SourceLocation

    @property
    def name(self) -> str:
        """Return its identity, with ``-`` for what is missing."""
        metadata = self.object.get("metadata")
        known = metadata if isinstance(metadata, dict) else {}
        name = known.get("name") or known.get("generateName") or "-"
        group = str(self.object.get("apiVersion", "")).rpartition("/")[0]
        return str(ObjectId(group, str(self.object.get("kind", "-")), str(known.get("namespace") or ""), str(name)))


def read_objects(names: Iterable[str]) -> Iterator[ManifestObject]:
    """Yield the objects of files, of all YAML and JSON files below folders, and of standard input for `-`."""
    for name in names:
        for raw_document in _raw_documents(name):
            for found in manifest_files.values_in(raw_document) if raw_document.form is not DocumentForm.HOST else ():
                yield from _manifests(found.value, found.location, found.lines)


def _raw_documents(name: str) -> Iterator[RawDocument]:
    if name == file_content.STDIN:
        return split_documents(file_content.read_stdin())
    path = Path(name)
    if not path.exists():
        raise InputError(
            f"file {name}", "does not exist", "give a file or folder of Kubernetes YAML, or - for standard input"
        )
    return manifest_files.read_folder(path) if path.is_dir() else split_documents(file_content.read_file(path))


def _manifests(value: Any, location: SourceLocation, lines: Mapping[int, int]) -> Iterator[ManifestObject]:
    items = value.get("items") if isinstance(value, dict) else value
    is_list = not isinstance(value, dict) or str(value.get("kind", "")).endswith("List")
    if is_list and isinstance(items, list):
        kind = str(value.get("kind", "")).removesuffix("List") if isinstance(value, dict) else ""
        for one in items:
            # The API server leaves out what the list's kind says.
            item = (
                {"apiVersion": value.get("apiVersion"), "kind": kind} | one if kind and isinstance(one, dict) else one
            )
            yield from _manifests(item, SourceLocation(location.file, lines.get(id(one), location.line)), {})
    elif isinstance(value, dict):
        yield ManifestObject(value, location)
