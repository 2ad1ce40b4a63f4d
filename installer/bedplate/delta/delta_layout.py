"""Every path of a delta, and the form of its one JSON file.

A delta is one folder per medium, `part-001-of-003`, each with the same heads and its own stretch of the payload:

delta.json, delta.json.sig         what the delta carries and needs; signed by the publisher
manifest.json, manifest.json.sig   the bundle's own, as they will be in the joined bundle
data                               the stretch
"""

from __future__ import annotations

from pydantic import Field

from bedplate.config.base import Model

HEAD, SIGNATURE = "delta.json", "delta.json.sig"
NAMESPACE = "bedplate-delta"
"""Namespace of the publisher's signature over a delta."""
DATA = "data"
FORMAT = 1


def part_name(number: int, count: int) -> str:
    """Return a part's folder; they count from 1."""
    return f"part-{number:03}-of-{count:03}"


class PayloadPart(Model):
    """One part's stretch of the payload."""

    sha256: str
    size: int


class PayloadEntry(Model):
    """One file of the bundle that the payload holds."""

    path: str = Field(description="place in the bundle")
    offset: int = Field(description="where in the payload it begins")
    length: int = Field(description="how much of the payload it takes")
    patch: bool = Field(description="whether a patch is carried in place of the file")
    base: str = Field("", description="sha256 of the blob that the patch starts from; empty: from nothing")


class RequiredBlob(Model):
    """A blob that must be at the site."""

    sha256: str
    size: int


class DeltaFile(Model):
    """delta.json."""

    format: int = FORMAT
    release: str
    bundle: str = Field(description="digest of the bundle that comes out: the sha256 of manifest.json")
    size: int = Field(description="bytes of that bundle")
    bases: list[str] = Field(description="releases that the site had when the delta was made")
    requires: list[RequiredBlob] = Field(
        description="what must be at the site: what stays, and what patches start from"
    )
    carried: list[PayloadEntry]
    parts: list[PayloadPart]
