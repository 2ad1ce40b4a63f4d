"""Scanning Kubernetes objects for image references: reads every string according to its field.

    for reference in images_of(object):
        reference.image, reference.written, path_text(reference.path), reference.kind, reference.certainty

It is fast (about 100 µs for an ordinary object), pure, and finds each reference once for each path.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bedplate.images.reference import ImageReference, Kind
from bedplate.images.scanner import Scanner
from bedplate.images.schema_defaults import defaults
from bedplate.kube.change import Path

BUILT_IN = re.compile(r"|[a-z]+|(?!.*\.x-).*\.k8s\.io")
"""API groups of Kubernetes itself."""


def images_of(obj: Mapping[str, Any]) -> list[ImageReference]:
    """Return the images that a Kubernetes object names."""
    return scan_object(obj).references


def scan_object(obj: Mapping[str, Any]) -> Scanner:
    """Return the finished scan of a Kubernetes object: its references, and the image fields that name none."""
    kind, group = obj.get("kind"), str(obj.get("apiVersion", "")).rpartition("/")[0]
    if kind == "CustomResourceDefinition":
        return _of_definition(obj)
    scanner = Scanner()
    if kind in ("ConfigMap", "Secret"):
        scanner.scan_data(obj, is_secret=kind == "Secret")
    else:
        scanner.scan_mapping(obj, (), Kind.FIELD if BUILT_IN.fullmatch(group) else Kind.CUSTOM_RESOURCE)
    return scanner


def images_in(value: Any, path: Path = (), kind: Kind = Kind.FIELD) -> list[ImageReference]:
    """Return the images in any parsed value.

    Args:
        value: what JSON can hold.
        path: the value's path; every reference's path begins with it.
        kind: the kind of its image fields.
    """
    scanner = Scanner()
    scanner.scan_value(value, path, kind, str(path[-1]) if path else "")
    return scanner.references


def _of_definition(obj: Mapping[str, Any]) -> Scanner:
    scanner = Scanner()
    scanner.scan_value(obj.get("metadata"), ("metadata",), Kind.FIELD, "metadata")
    for schema, path in _schemas(obj.get("spec")):
        for values, parent, place in defaults(schema, path):
            scanner.scan_mapping(values, place, Kind.CRD_DEFAULT, parent)
    return scanner


def _schemas(spec: Any) -> Iterator[tuple[Any, Path]]:
    """Yield the schema of each version, and the common one of older definitions."""
    versions = spec.get("versions") if isinstance(spec, dict) else None
    holders: list[tuple[Any, Path]] = [(spec, ("spec", "validation"))]
    if isinstance(versions, list):
        holders += [(version, ("spec", "versions", number, "schema")) for number, version in enumerate(versions)]
    for holder, path in holders:
        inner = holder.get(path[-1]) if isinstance(holder, dict) else None
        if isinstance(inner, dict):
            yield inner.get("openAPIV3Schema"), (*path, "openAPIV3Schema")
