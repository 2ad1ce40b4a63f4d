"""The layout of a delta: every path in it, and the format of delta.json.

A delta is one folder per medium, `part-001-of-003`. Each has the same signed headers and its own share of the payload:

delta.json, delta.json.sig         what the delta carries and needs; signed by the publisher
manifest.json, manifest.json.sig   the bundle's own, as they will be in the merged bundle
data                               the share of the payload
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
    """Return the name of a part's folder; parts are numbered from 1."""
    return f"part-{number:03}-of-{count:03}"


class PayloadPart(Model):
    """The share of the payload that one part has."""

    sha256: str
    size: int


class PayloadEntry(Model):
    """One file of the bundle that is in the payload."""

    path: str = Field(description="path in the bundle")
    offset: int = Field(description="where it begins in the payload")
    length: int = Field(description="bytes of the payload that it takes")
    patch: bool = Field(description="whether a patch is carried instead of the file")
    base: str = Field("", description="sha256 of the blob that the patch starts from; empty if it starts from nothing")


class RequiredBlob(Model):
    """A blob that the site must have."""

    sha256: str
    size: int


class DeltaFile(Model):
    """The file delta.json."""

    format: int = FORMAT
    release: str
    bundle: str = Field(description="digest of the resulting bundle: the sha256 of manifest.json")
    size: int = Field(description="bytes of the resulting bundle")
    bases: list[str] = Field(description="releases that the site had when the delta was made")
    requires: list[RequiredBlob] = Field(
        description="blobs that the site must have: those that stay, and those that patches start from"
    )
    carried: list[PayloadEntry]
    parts: list[PayloadPart]
