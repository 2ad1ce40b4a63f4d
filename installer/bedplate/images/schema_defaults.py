"""Defaults in schemas: what the API server writes into a custom resource that says nothing.

Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#defaulting.
Everything else in a schema is for people.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bedplate.kube.change import Path

COMBINED = ("allOf", "anyOf", "oneOf")


def defaults(schema: Any, path: Path = (), parent: str = "") -> Iterator[tuple[dict[str, Any], str, Path]]:
    """Yield the defaults of each level of a schema, side by side as they come to stand in an object.

    A property without a default is there with None: somebody else decides it.

    Args:
        schema: a schema of OpenAPI.
        path: its place.
        parent: the property it belongs to.

    Yields:
        Defaults by property, the name of the property they stand under, and the path of the properties.
    """
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if isinstance(properties, dict):
        found = {name: one.get("default") for name, one in properties.items() if isinstance(one, dict)}
        if any(value is not None for value in found.values()):
            yield found, parent, (*path, "properties")
        for name, one in properties.items():
            yield from defaults(one, (*path, "properties", name), str(name))
    for name in ("items", "additionalProperties"):
        yield from defaults(schema.get(name), (*path, name), parent)
    for name in COMBINED:
        combined = schema.get(name)
        for number, one in enumerate(combined if isinstance(combined, list) else ()):
            yield from defaults(one, (*path, name, number), parent)
