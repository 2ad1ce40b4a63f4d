"""Image references in fields that are for images: the whole string is a reference, or nothing is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bedplate.images.image_name import parse_image
from bedplate.images.reference import Certainty, FoundImage
from bedplate.images.text import SCHEME

MARK = re.compile(r"[/:@]")
TAGGED = re.compile(r":[^/]+$|@")


def whole_reference(value: str, bare: Certainty) -> FoundImage | None:
    """Return the reference that a string is, None for anything else, such as a template.

    Args:
        value: the string.
        bare: the certainty of a name without host, tag and digest.
    """
    written = SCHEME.sub("", value.strip())
    image = parse_image(written)
    if image is None:
        return None
    if TAGGED.search(written):
        return FoundImage(image, written, Certainty.CERTAIN)
    return FoundImage(image, written, Certainty.LIKELY if "/" in written else bare)


def listed_references(value: str) -> Iterator[FoundImage]:
    """Yield the references in a list separated by commas, spaces or line breaks, also in the form `name=reference`."""
    for word in re.split(r"[,\s]+", value):
        written = word.rpartition("=")[2]
        if MARK.search(written) and (image := parse_image(written)):
            yield FoundImage(image, written, Certainty.LIKELY)
