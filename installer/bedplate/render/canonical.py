"""The canonical form of a rendered object: image digests, standard labels, digests of configuration."""

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


class Images:
    """Adds digests to the images it knows, wherever a string names one."""

    def __init__(self, digests: Mapping[str, str]) -> None:
        """Take ``name:tag`` to the sha256 of the image's manifest."""
        self._digests = digests
        names = "|".join(re.escape(name) for name in sorted(digests, key=len, reverse=True))
        # Neither a part of a longer name or tag, nor one that has its digest already.
        self._pattern = re.compile(rf"(?<![\w./-])({names})(?![\w.@-])") if names else None

    def pin(self, text: str) -> str:
        """Return a text in which every known ``name:tag`` became ``name:tag@sha256:…``."""
        if not self._pattern:
            return text
        return self._pattern.sub(lambda found: f"{found[1]}@sha256:{self._digests[found[1]]}", text)


def form(value: dict[str, Any], component: Component, images: Images) -> dict[str, Any]:
    """Return an object with digests and labels, made of plain JSON types."""
    changed: dict[str, Any] = _plain(value, images)
    _label(changed["metadata"], component, whole=True)
    if (template := object_id.pod_template(changed)) and template is not changed:
        _label(template.setdefault("metadata", {}), component, whole=False)
    return changed


def _plain(value: Any, images: Images) -> Any:
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
    """Add the standard labels; what the template says wins. Pods get no version: a new one alone restarts nothing."""
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
    """Return a component's objects; a workload carries its ConfigMaps' digest, so that a change restarts it."""
    maps = {one.identity: one.object for one in objects if one.object["kind"] == "ConfigMap"}
    return [_annotated(one, maps) for one in objects]


def _annotated(one: RenderedObject, maps: dict[object_id.Identity, dict[str, Any]]) -> RenderedObject:
    template = object_id.pod_template(one.object)
    if template is None or template is one.object:
        return one
    read = {
        name: maps[key].get("data", {})
        for name in sorted(references(template["spec"], "configMap"))
        if (key := object_id.Identity("", "ConfigMap", one.identity.namespace, name)) in maps
    }
    if not read:
        return one
    changed = copy.deepcopy(one.object)
    metadata = (object_id.pod_template(changed) or {})["metadata"]
    metadata["annotations"] = {**(metadata.get("annotations") or {}), CONFIG_DIGEST: digest.of(read)}
    return dataclasses.replace(one, object=changed)


def references(spec: Any, what: str) -> set[str]:
    """Return the names of the ConfigMaps (``configMap``) or Secrets (``secret``) that a pod's spec reads."""
    names: set[str] = set()
    match spec:
        case dict():
            for key, item in spec.items():
                if key in (what, f"{what}Ref", f"{what}KeyRef") and isinstance(item, dict):
                    names |= {item[field] for field in ("name", "secretName") if isinstance(item.get(field), str)}
                names |= references(item, what)
        case list():
            for item in spec:
                names |= references(item, what)
    return names
