"""What a key says about the string under it."""

from __future__ import annotations

import re
from functools import lru_cache

IMAGE = re.compile(r"(?i)(?:.*[a-z0-9_./-])?image(?:[_-]?(?:name|ref|reference|uri|url))?")
NO_IMAGE = re.compile(r"(?i).*(?:(?:os|disk|machine|boot|cloud|background|use|pull|has|show|is)[_-]?image|.*imageurl)")
"""Keys of disks, pictures and switches; a container's image may still stand there, written with its host."""
IMAGES = re.compile(r"(?i)(?:.*[a-z_-])?images")
REFERENCE = ("reference", "ref", "uri", "pullSpec")
"""Below `image`, as in volumes that are images
(https://kubernetes.io/docs/concepts/storage/volumes/#image)."""
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
COMMANDS = ("args", "command", "cmd", "entrypoint", "argv")
PROSE = frozenset({
    "description", "summary", "help", "runbook", "runbook_url", "expr", "query", "promql", "_example", "managedFields",
})  # fmt: skip
"""Text for people, queries, and bookkeeping; `_example` is Knative's documentation inside ConfigMaps."""
NAMES = frozenset({"labels", "matchLabels", "nodeSelector", "selector", "ownerReferences", "apiGroups", "apiVersion"})
"""Labels and selectors: neither can hold a reference."""


@lru_cache(maxsize=20_000)
def is_image(key: str) -> bool:
    """Return whether an image is expected under a key."""
    return bool(IMAGE.fullmatch(key)) and not NO_IMAGE.fullmatch(key)
