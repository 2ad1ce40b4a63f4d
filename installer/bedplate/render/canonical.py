"""Canonical form of rendered objects: image digests, standard labels, digests of ConfigMaps."""

from __future__ import annotations

import copy
import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from bedplate.config.component import Component
from bedplate.core import digest
from bedplate.kube import object_id
from bedplate.render.rendered import RenderedObject

COMPONENT_LABEL = "bedplate.dev/component"
CONFIG_DIGEST = "bedplate.dev/config-digest"


class ImageDigests:
    """Adds the digest to every known image that a string names."""

    def __init__(self, digests: Mapping[str, str]) -> None:
        """Use a mapping of ``name:tag`` to the sha256 of the image's manifest."""
        self._digests = digests
        # In reverse, because of two names of which one begins with the other, the longer one has to be tried first.
        names = "|".join(re.escape(name) for name in sorted(digests, reverse=True))
        # Matches neither part of a longer name or tag, nor an image that already has its digest.
        self._pattern = re.compile(rf"(?<![\w./-])({names})(?![\w.@-])") if names else None

    def pin(self, text: str) -> str:
        """Return a text with every known ``name:tag`` replaced by ``name:tag@sha256:…``."""
        if not self._pattern:
            return text
        return self._pattern.sub(lambda match: f"{match[1]}@sha256:{self._digests[match[1]]}", text)


def canonical_form(value: dict[str, Any], component: Component, images: ImageDigests) -> dict[str, Any]:
    """Return an object with digests and labels, in plain JSON types."""
    changed: dict[str, Any] = _plain(value, images)
    _label(changed["metadata"], component, whole=True)
    if (template := object_id.pod_template(changed)) and template is not changed:
        _label(template.setdefault("metadata", {}), component, whole=False)
    return changed


def _plain(value: Any, images: ImageDigests) -> Any:
    """Return a copy of JSON types only: YAML dates become text, keys become strings."""
    match value:
        case dict():
            return {str(key): _plain(item, images) for key, item in value.items()}
        case list():
            return [_plain(item, images) for item in value]
        case bool() | int() | float() | None:
            return value
        case _:
            return images.pin(str(value))


def _label(metadata: dict[str, Any], component: Component, *, whole: bool) -> None:
    """Add standard labels that the template does not set; pods get no version, so that it alone restarts nothing."""
    labels = {
        "app.kubernetes.io/name": component.name,
        "app.kubernetes.io/part-of": "bedplate",
        "app.kubernetes.io/managed-by": "bedplate",
        COMPONENT_LABEL: component.name,
    }
    if whole:
        labels["app.kubernetes.io/version"] = component.version
    metadata["labels"] = labels | (metadata.get("labels") or {})


def with_config_digests(objects: list[RenderedObject]) -> list[RenderedObject]:
    """Return a component's objects; each workload gets its ConfigMaps' digest, so that a change restarts it."""
    maps = {rendered.identity: rendered.object for rendered in objects if rendered.object["kind"] == "ConfigMap"}
    return [_with_config_digest(rendered, maps) for rendered in objects]


def _with_config_digest(rendered: RenderedObject, maps: dict[object_id.ObjectId, dict[str, Any]]) -> RenderedObject:
    template = object_id.pod_template(rendered.object)
    if template is None or template is rendered.object:
        return rendered
    used = {
        name: maps[key].get("data", {})
        for name in sorted(referenced_names(template["spec"], "configMap"))
        if (key := object_id.ObjectId("", "ConfigMap", rendered.identity.namespace, name)) in maps
    }
    if not used:
        return rendered
    changed = copy.deepcopy(rendered.object)
    metadata = (object_id.pod_template(changed) or {})["metadata"]
    metadata["annotations"] = {**(metadata.get("annotations") or {}), CONFIG_DIGEST: digest.of(used)}
    return dataclasses.replace(rendered, object=changed)


def referenced_names(spec: Any, kind: str) -> set[str]:
    """Return the names of the ConfigMaps (``configMap``) or Secrets (``secret``) that a pod's spec reads."""
    names: set[str] = set()
    match spec:
        case dict():
            for key, item in spec.items():
                if key in (kind, f"{kind}Ref", f"{kind}KeyRef") and isinstance(item, dict):
                    names |= {item[field] for field in ("name", "secretName") if isinstance(item.get(field), str)}
                names |= referenced_names(item, kind)
        case list():
            for item in spec:
                names |= referenced_names(item, kind)
    return names
