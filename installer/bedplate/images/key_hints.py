"""What the key of a string says about it: an image, several images, prose, labels, a query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

IMAGE = re.compile(r"(?i)(?:.*[a-z0-9_./-])?image(?:[_-]?(?:name|ref|reference|uri|url))?")
NO_IMAGE = re.compile(r"(?i).*(?:(?:os|disk|machine|boot|cloud|background|use|pull|has|show|is)[_-]?image|.*imageurl)")
"""Keys of disks, pictures and switches; their value can still be an image with its host."""
IMAGES = re.compile(r"(?i)(?:.*[a-z_-])?images")
REFERENCE = ("reference", "ref", "uri", "pullSpec")
"""Below `image`, as in volumes that are images
(https://kubernetes.io/docs/concepts/storage/volumes/#image)."""
NESTED = (*REFERENCE, "name", "url", "repository", "path")
"""Below `image` or in `images`, if the value has a tag or a digest."""
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
COMMANDS = ("args", "command", "cmd", "entrypoint", "argv")
BOOKKEEPING = frozenset({"_example", "managedFields"})
"""Keys that no program reads: Knative's documentation in ConfigMaps, and the managers of fields."""
QUERIES = frozenset({"expr", "promql", "query"})
QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)"""
SELECTOR = re.compile(rf"\{{(?:\s*[\w.:]+\s*(?:=~|!~|!=|=)\s*{QUOTED}\s*,?)+\s*\}}")
"""The label selector of a query, such as `{image="a/b:1"}`, but not JSON in braces."""
LABELS = frozenset({"labels", "matchLabels", "nodeSelector", "selector"})
LABEL_VALUE = re.compile(r"[A-Za-z0-9_.-]*")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set: neither slash
nor colon, so a label's value can be a name, but not an image that is pulled."""
ALERT = frozenset({"alert", "record"})
"""Keys of a Prometheus rule, next to its query."""
SCHEMA_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def is_prose(mapping: Mapping[str, Any], key: str) -> bool:
    """Return whether a value is text for people: an alert's annotations, or a schema's description."""
    match key:
        case "annotations":
            return "expr" in mapping and not ALERT.isdisjoint(mapping)
        case "description":
            return mapping.get("type") in SCHEMA_TYPES
    return False


def are_labels(key: str, value: Any) -> bool:
    """Return whether a value contains only labels."""
    if key not in LABELS or not isinstance(value, dict):
        return False
    return all(isinstance(label, str) and LABEL_VALUE.fullmatch(label) for label in value.values())


@lru_cache(maxsize=20_000)
def is_image(key: str) -> bool:
    """Return whether a key is for an image."""
    return bool(IMAGE.fullmatch(key)) and not NO_IMAGE.fullmatch(key)
