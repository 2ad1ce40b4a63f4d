"""Image references in fields that are for images: the whole string is a reference, or nothing is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bedplate.images.image_name import parse_image, untagged_image
from bedplate.images.reference import Certainty, FoundImage
from bedplate.images.text import SCHEME

MARK = re.compile(r"[/:@]")
TAGGED = re.compile(r":[^/]+$|@")
OPEN = re.compile(r"\$\{|\$\(|\{\{|^ko://|^\$[A-Za-z_]|<[\w -]+>")
"""Placeholders of envsubst, kustomize, Helm and ko (https://ko.build/configuration/#kubernetes-integration)."""


def whole_reference(value: str, bare: Certainty, *, tagless: bool = False) -> FoundImage | None:
    """Return the reference that a string is, None for anything else, such as a template.

    Args:
        value: the string.
        bare: the certainty of a name without host, tag and digest.
        tagless: whether a program adds the tag.
    """
    written = SCHEME.sub("", value.strip())
    image = parse_image(written)
    if image is None:
        return None
    if TAGGED.search(written):
        return FoundImage(image, written, Certainty.CERTAIN)
    if tagless:
        image = untagged_image(written)
    return FoundImage(image, written, Certainty.LIKELY if "/" in written else bare)


def is_open(value: str) -> bool:
    """Return whether a string in a field for an image is one that another program completes: `${HOST}/a:1`, `ko://…`."""
    return bool(OPEN.search(value))


def listed_references(value: str) -> Iterator[FoundImage]:
    """Yield the references in a list separated by commas, spaces or line breaks, also in the form `name=reference`."""
    for word in re.split(r"[,\s]+", value):
        written = word.rpartition("=")[2]
        if MARK.search(written) and (image := parse_image(written)):
            yield FoundImage(image, written, Certainty.LIKELY)
