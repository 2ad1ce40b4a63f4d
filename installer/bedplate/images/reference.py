"""A hit: one image at one place of an object, and how sure it is that it is one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bedplate.images.image_name import ImageName
from bedplate.kube.change import Path


class Kind(StrEnum):
    """The kind of place an image was found in."""

    FIELD = "field"
    ARGUMENT = "argument"
    ENVIRONMENT = "environment"
    CONFIGMAP = "configmap"
    ANNOTATION = "annotation"
    CUSTOM_RESOURCE = "custom resource"
    CRD_DEFAULT = "crd default"
    TEXT = "text"


class Certainty(IntEnum):
    """How sure it is that a program would pull it; higher is surer.

    certain: the place is for images, or a registry's host and a tag or digest are written out.
    likely: one of the two is missing.
    possible: only part of the reference is known, or both place and host say little.
    """

    POSSIBLE = 0
    LIKELY = 1
    CERTAIN = 2

    def __str__(self) -> str:
        """Return the name people use."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class FoundImage:
    """A reference without its place.

    Attributes:
        image: as containerd reads it; without tag where the tag is decided elsewhere.
        written: as it stands there; parts are joined.
        certainty: how sure it is.
    """

    image: ImageName
    written: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class ImageReference(FoundImage):
    """A reference and its place in an object."""

    path: Path
    kind: Kind

    @property
    def reason(self) -> str:
        """Return why it counts: the kind of place, how sure, and what stands there if it is written otherwise."""
        written = "" if self.written == str(self.image) else f", written {self.written}"
        return f"{self.kind}, {self.certainty}{written}"
