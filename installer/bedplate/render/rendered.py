"""Rendered Kubernetes objects: as a template or overlay produces them, and in canonical form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bedplate.core import digest
from bedplate.kube import object_id
from bedplate.kube.object_id import ObjectId


@dataclass(frozen=True, slots=True)
class Rendered:
    """One object from a template.

    Attributes:
        source: the template's file, for messages.
        value: the object.
    """

    source: str
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """One object of an environment's cluster, in canonical form.

    Attributes:
        component: the component that it belongs to.
        layer: the component's layer.
        object: the object itself; never modify it.
        source: the template that it comes from, for messages.
    """

    component: str
    layer: str
    object: dict[str, Any]
    source: str = field(default="", compare=False)

    @property
    def identity(self) -> ObjectId:
        """Return the object's identity."""
        return object_id.of(self.object)

    def line(self) -> bytes:
        """Return canonical JSON with component, layer and the object's own digest, as `bedplate render` prints it."""
        origin = {"component": self.component, "layer": self.layer}
        return digest.canonical({**origin, "digest": digest.of(self.object), "object": self.object})
