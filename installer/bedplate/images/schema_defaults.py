"""Defaults in the schemas of custom resources: what the API server fills in.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting.
Everything else in a schema is documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bedplate.kube.change import Path

COMBINED = ("allOf", "anyOf", "oneOf")


def defaults(schema: Any, path: Path = (), parent: str = "") -> Iterator[tuple[dict[str, Any], str, Path]]:
    """Yield the defaults of each level of a schema, next to each other as in an object.

    A property without a default has the value None: it is decided elsewhere.

    Args:
        schema: a schema of OpenAPI.
        path: its path.
        parent: the name of its property.

    Yields:
        Defaults by property, the name of the property that they are in, and the path of the properties.
    """
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if isinstance(properties, dict):
        values = {name: inner.get("default") for name, inner in properties.items() if isinstance(inner, dict)}
        if any(value is not None for value in values.values()):
            yield values, parent, (*path, "properties")
        for name, inner in properties.items():
            yield from defaults(inner, (*path, "properties", name), str(name))
    for name in ("items", "additionalProperties"):
        yield from defaults(schema.get(name), (*path, name), parent)
    for name in COMBINED:
        combined = schema.get(name)
        for number, inner in enumerate(combined if isinstance(combined, list) else ()):
            yield from defaults(inner, (*path, name, number), parent)
