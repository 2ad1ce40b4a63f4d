"""What a key says about the string under it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

IMAGE = re.compile(r"(?i)(?:.*[a-z0-9_./-])?image(?:[_-]?(?:name|ref|reference|uri|url))?")
NO_IMAGE = re.compile(r"(?i).*(?:(?:os|disk|machine|boot|cloud|background|use|pull|has|show|is)[_-]?image|.*imageurl)")
"""Keys of disks, pictures and switches; a container's image may still stand there, written with its host."""
IMAGES = re.compile(r"(?i)(?:.*[a-z_-])?images")
REFERENCE = ("reference", "ref", "uri", "pullSpec")
"""Below `image`, as in volumes that are images
(https://kubernetes.io/docs/concepts/storage/volumes/#image)."""
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
COMMANDS = ("args", "command", "cmd", "entrypoint", "argv")
BOOKKEEPING = frozenset({"_example", "managedFields"})
"""What no program reads: Knative's documentation inside ConfigMaps, and who wrote which field."""
QUERIES = frozenset({"expr", "promql", "query"})
QUOTED = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)"""
SELECTOR = re.compile(rf"\{{(?:\s*[\w.:]+\s*(?:=~|!~|!=|=)\s*{QUOTED}\s*,?)+\s*\}}")
"""Of a query, what chooses series by their labels, such as `{image="a/b:1"}`; JSON in braces is none."""
LABELS = frozenset({"labels", "matchLabels", "nodeSelector", "selector"})
LABEL_VALUE = re.compile(r"[A-Za-z0-9_.-]*")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set: neither slash
nor colon, so that what stands there beside its kind can be a name, but nothing that is pulled."""
ALERT = frozenset({"alert", "record"})
"""What a rule of Prometheus has, beside its query."""
SCHEMA_TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def is_prose(mapping: Mapping[str, Any], key: str) -> bool:
    """Return whether what stands under a key is text for people: an alert's annotations, a schema's description."""
    match key:
        case "annotations":
            return "expr" in mapping and not ALERT.isdisjoint(mapping)
        case "description":
            return mapping.get("type") in SCHEMA_TYPES
    return False


def are_labels(key: str, value: Any) -> bool:
    """Return whether a value holds nothing but labels."""
    if key not in LABELS or not isinstance(value, dict):
        return False
    return all(isinstance(one, str) and LABEL_VALUE.fullmatch(one) for one in value.values())


@lru_cache(maxsize=20_000)
def is_image(key: str) -> bool:
    """Return whether an image is expected under a key."""
    return bool(IMAGE.fullmatch(key)) and not NO_IMAGE.fullmatch(key)
