"""A snapshot: one of the two states that a diff compares, with its objects, hosts, images and release."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bedplate.core.errors import SourceLocation
from bedplate.kube.object_id import ObjectId

if TYPE_CHECKING:  # pydantic's models take 0.2 s to load, and plain YAML needs none of them
    from bedplate.config.diff_rule import DiffRule
    from bedplate.config.environment_file import Environment
    from bedplate.config.host_spec import HostSpec
    from bedplate.config.release import Release

Json = dict[str, Any]


class Resource:
    """One Kubernetes object of a snapshot.

    Attributes:
        identity: unique in the snapshot.
        digest: sha256 of the object's text; objects with equal digests are not compared further. Never printed.
        object: parsed on first access, so check the identity's kind first; values of Secrets are replaced by keyed
            digests (see secret_values).
        component: who declares it; empty for plain YAML.
        location: where it was read.
    """

    __slots__ = ("_object", "component", "digest", "identity", "location")

    def __init__(
        self,
        identity: ObjectId,
        digest: str,
        object: Json | Callable[[], Json],  # noqa: A002  Kubernetes' own word
        component: str = "",
        location: SourceLocation | None = None,
    ) -> None:
        """Take the object, or what reads it."""
        self.identity, self.digest, self.component, self.location = identity, digest, component, location
        self._object = object

    @property
    def object(self) -> Json:
        """Return the object; readers must not change it."""
        if not isinstance(self._object, dict):
            self._object = self._object()
        return self._object

    def mentions(self, words: Iterable[str]) -> bool:
        """Return whether the object may contain one of these words, without parsing it."""
        mentions = getattr(self._object, "mentions", None)
        return mentions is None or bool(mentions(words))

    def called(self, name: str) -> Resource:
        """Return the same object under another name."""
        return Resource(self.identity._replace(name=name), self.digest, self._object, self.component, self.location)

    def in_namespace(self, namespace: str) -> Resource:
        """Return the same object in another namespace than is written; empty for none."""
        identity = self.identity._replace(namespace=namespace)
        return Resource(identity, self.digest, self._object, self.component, self.location)

    def at(self, location: SourceLocation) -> Resource:
        """Return the same object at another location."""
        return Resource(self.identity, self.digest, self._object, self.component, location)

    def __eq__(self, other: builtins.object) -> bool:
        """Return whether two resources are the same, regardless of their locations."""
        return isinstance(other, Resource) and self.key == other.key

    def __hash__(self) -> int:
        """Return a number for dictionaries."""
        return hash(self.key)

    def __repr__(self) -> str:
        """Return the identity, for debugging; the object itself is long."""
        return f"Resource({self.identity})"

    @property
    def key(self) -> tuple[ObjectId, str, str]:
        """Return what makes a resource equal to another one."""
        return self.identity, self.digest, self.component


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """The size of an image: what it costs to carry and to pull it.

    Attributes:
        digest: of its manifest, ``sha256:…``; empty where unknown.
        blobs: digest to size in bytes of its layers and configuration; empty where unknown.
    """

    digest: str = ""
    blobs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One state of an environment. Only the snapshots of environments and bundles have more than objects.

    Attributes:
        name: as the user gave it.
        resources: objects by identity.
        hosts: HostSpecs by host name.
        images: facts by ``name:tag``.
        blobs: digest to size of everything in a bundle of this release; empty where unknown.
        environment: the environment's settings.
        release: the release's own file.
        kubernetes: version of Kubernetes, such as 1.34.3; empty where unknown.
        rules: the components' own rules (component.yaml: rules), in addition to those in diff/rules/data/.
        notes: what a reader must know about the snapshot, as sentences without a period.
    """

    name: str
    resources: Mapping[ObjectId, Resource]
    hosts: Mapping[str, HostSpec] = field(default_factory=dict)
    images: Mapping[str, ImageFacts] = field(default_factory=dict)
    blobs: Mapping[str, int] = field(default_factory=dict)
    environment: Environment | None = None
    release: Release | None = None
    kubernetes: str = ""
    rules: tuple[DiffRule, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Return its name in a sentence."""
        return "standard input" if self.name == "-" else self.name
