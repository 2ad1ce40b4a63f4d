"""A side of a diff: everything that one state of an environment is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bedplate.errors import Place
from bedplate.model.environment import Environment
from bedplate.model.host import HostSpec
from bedplate.model.release import Release
from bedplate.render.identity import Identity


@dataclass(frozen=True, slots=True)
class Thing:
    """One Kubernetes object of a side.

    Attributes:
        identity: what tells it from every other object of its side.
        digest: sha256 of the object's canonical JSON; equal digests need no look inside.
        object: parsed; values of Secrets are replaced by keyed digests (see secret).
        component: who declares it; empty for plain YAML.
        place: where it was read.
    """

    identity: Identity
    digest: str
    object: dict[str, Any] = field(hash=False, compare=False)
    component: str = ""
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What carrying and pulling an image costs.

    Attributes:
        digest: of its manifest, ``sha256:…``; empty where unknown.
        blobs: digest to size in bytes of its layers and configuration; empty where unknown.
    """

    digest: str = ""
    blobs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """One state: objects always; the rest only where an environment or a bundle was given.

    Attributes:
        name: as the user gave it.
        things: objects by identity.
        hosts: HostSpecs by host name.
        images: facts by ``name:tag``.
        blobs: digest to size of everything a bundle of this release carries; empty where unknown.
        environment: the environment's settings.
        release: the release's own file.
        kubernetes: version of Kubernetes, such as 1.34.3; empty where unknown.
    """

    name: str
    things: Mapping[Identity, Thing]
    hosts: Mapping[str, HostSpec] = field(default_factory=dict)
    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    blobs: Mapping[str, int] = field(default_factory=dict)
    environment: Environment | None = None
    release: Release | None = None
    kubernetes: str = ""
