"""The walk: every string of an object, read as what its place makes of it.

    for hit in images_of(thing):
        hit.image, hit.written, shown(hit.path), hit.kind, hit.certainty

It is quick (some 100 µs for an ordinary object), pure, and finds each reference once per place.
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


def images_of(thing: Mapping[str, Any]) -> list[ImageReference]:
    """Return the images one Kubernetes object names."""
    kind, group = thing.get("kind"), str(thing.get("apiVersion", "")).rpartition("/")[0]
    if kind == "CustomResourceDefinition":
        return _of_definition(thing)
    walk = Scanner()
    if kind in ("ConfigMap", "Secret"):
        walk.data(thing, is_secret=kind == "Secret")
    else:
        walk.mapping(thing, (), Kind.FIELD if BUILT_IN.fullmatch(group) else Kind.CUSTOM_RESOURCE)
    return walk.hits


def images_in(value: Any, path: Path = (), kind: Kind = Kind.FIELD) -> list[ImageReference]:
    """Return the images in any parsed value.

    Args:
        value: what JSON can hold.
        path: the value's place, with which every hit's path begins.
        kind: the kind of place that its image fields are.
    """
    walk = Scanner()
    walk.value(value, path, kind, str(path[-1]) if path else "")
    return walk.hits


def _of_definition(thing: Mapping[str, Any]) -> list[ImageReference]:
    walk = Scanner()
    walk.value(thing.get("metadata"), ("metadata",), Kind.FIELD, "metadata")
    for schema, path in _schemas(thing.get("spec")):
        for found, parent, place in defaults(schema, path):
            walk.mapping(found, place, Kind.CRD_DEFAULT, parent)
    return walk.hits


def _schemas(spec: Any) -> Iterator[tuple[Any, Path]]:
    """Yield the schema of each version, and the one that older definitions have for all."""
    versions = spec.get("versions") if isinstance(spec, dict) else None
    holders: list[tuple[Any, Path]] = [(spec, ("spec", "validation"))]
    if isinstance(versions, list):
        holders += [(one, ("spec", "versions", number, "schema")) for number, one in enumerate(versions)]
    for holder, path in holders:
        inner = holder.get(path[-1]) if isinstance(holder, dict) else None
        if isinstance(inner, dict):
            yield inner.get("openAPIV3Schema"), (*path, "openAPIV3Schema")
