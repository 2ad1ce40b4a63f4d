"""OCI image manifests and indexes: which blobs one names, and the descriptors that name them.

Specification: https://github.com/opencontainers/image-spec/blob/v1.1.0/manifest.md, and descriptor.md there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
FILE_TYPE = "application/octet-stream"
REF_NAME, TITLE = "org.opencontainers.image.ref.name", "org.opencontainers.image.title"
ALGORITHM = "sha256:"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One blob that a manifest names.

    Attributes:
        sha256: its digest, without the algorithm's prefix.
        size: bytes.
        title: the file name in its annotations; empty where it has none.
    """

    sha256: str
    size: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """An image's or artifact's manifest, or an index of manifests.

    Attributes:
        media_type: as the manifest says, or an image manifest's where it does not.
        config: the configuration; an index has none.
        layers: from bottom to top; an index has none.
        manifests: those that an index names.
    """

    media_type: str
    config: Descriptor | None
    layers: tuple[Descriptor, ...]
    manifests: tuple[Descriptor, ...]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """Return the configuration and the layers."""
        return (self.config, *self.layers) if self.config else self.layers


def parse(content: bytes) -> Manifest:
    """Parse a manifest or an index; ValueError or LookupError where it is neither."""
    manifest: dict[str, Any] = json.loads(content)
    return Manifest(
        media_type=manifest.get("mediaType", MANIFEST_TYPE),
        config=_parsed(manifest["config"]) if "config" in manifest else None,
        layers=tuple(map(_parsed, manifest.get("layers", ()))),
        manifests=tuple(map(_parsed, manifest.get("manifests", ()))),
    )


def read(path: Path) -> Manifest:
    """Parse the manifest or index in a file."""
    return parse(path.read_bytes())


def digest(sha256: str) -> str:
    """Return a digest as manifests write it, with its algorithm."""
    return ALGORITHM + sha256


def descriptor(media_type: str, sha256: str, size: int, annotations: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return the JSON object that names a blob in a manifest."""
    named = {"annotations": dict(annotations)} if annotations else {}
    return {"mediaType": media_type, "digest": digest(sha256), "size": size, **named}


def _parsed(data: Mapping[str, Any]) -> Descriptor:
    title = (data.get("annotations") or {}).get(TITLE, "")
    return Descriptor(data["digest"].removeprefix(ALGORITHM), data["size"], title)
