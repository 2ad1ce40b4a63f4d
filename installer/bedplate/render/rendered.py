"""Rendered Kubernetes objects: as a template or an overlay gives them, and in canonical form."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bedplate.core import digest
from bedplate.kube import object_id
from bedplate.kube.object_id import Identity


@dataclass(frozen=True, slots=True)
class Rendered:
    """One object out of a template.

    Attributes:
        source: the template's file, for messages.
        value: the object.
    """

    source: str
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RenderedObject:
    """One object that an environment has in its cluster.

    Attributes:
        component: the component that declares it.
        layer: the component's layer.
        object: the object in canonical form; never changed by a reader.
        source: the template it comes from, for messages.
    """

    component: str
    layer: str
    object: dict[str, Any]
    source: str = field(default="", compare=False)

    @property
    def identity(self) -> Identity:
        """Return what tells it from every other object."""
        return object_id.of(self.object)

    def line(self) -> bytes:
        """Return canonical JSON with component, layer and the object's own digest, as `bedplate render` prints it."""
        named = {"component": self.component, "layer": self.layer}
        return digest.canonical({**named, "digest": digest.of(self.object), "object": self.object})
