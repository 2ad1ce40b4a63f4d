"""A reference to an image: the image, its path in an object, and how certain it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from bedplate.images.image_name import ImageName
from bedplate.kube.change import Path


class Kind(StrEnum):
    """The kind of place that a reference was found in."""

    FIELD = "field"
    ARGUMENT = "argument"
    ENVIRONMENT = "environment"
    CONFIGMAP = "configmap"
    ANNOTATION = "annotation"
    CUSTOM_RESOURCE = "custom resource"
    CRD_DEFAULT = "crd default"
    TEXT = "text"


class Certainty(IntEnum):
    """How certain it is that a program would pull the image; higher is more certain.

    certain: the field is for images, or the registry's host and a tag or digest are written out.
    likely: one of the two is missing.
    possible: only part of the reference is known, or neither field nor host is typical for images.
    """

    POSSIBLE = 0
    LIKELY = 1
    CERTAIN = 2

    def __str__(self) -> str:
        """Return the name people use."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class FoundImage:
    """A reference without its path.

    Attributes:
        image: as containerd reads it; without a tag if the tag is decided elsewhere.
        written: as it is written; parts are joined.
        certainty: how certain it is.
    """

    image: ImageName
    written: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class UnresolvedImage:
    """A string in a field for an image that names none, so that a list of images is incomplete."""

    written: str
    path: Path


@dataclass(frozen=True, slots=True)
class ImageReference(FoundImage):
    """A reference with its path in an object."""

    path: Path
    kind: Kind

    @property
    def reason(self) -> str:
        """Return kind of place and certainty, and the text if it differs from the image's full name."""
        written = "" if self.written == str(self.image) else f", written {self.written}"
        return f"{self.kind}, {self.certainty}{written}"
