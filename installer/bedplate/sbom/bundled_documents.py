"""Read the bill of materials and the provenance that a bundle carries."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from bedplate.bundle.verify_bundle import read_release
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import PROVENANCE, SBOM, ReleaseDocument, ReleaseFile
from bedplate.config.validation import suggestion
from bedplate.core.errors import BedplateError, InputError

UNKNOWN = "(not stated)"
NAME, WORDS = re.compile(r"[A-Za-z0-9.+-]+"), {"AND", "OR", "WITH"}


def read_sbom(bundle: Path, image: str = "") -> bytes:
    """Return the CycloneDX document of a bundle, or of one of its images.

    Args:
        bundle: the bundle's folder.
        image: name:tag; its last path segments are enough if only one image ends with them.
    """
    release = read_release(bundle)
    return _content(bundle, _find(release, SBOM, _full_name(release, image) if image else ""))


def read_provenance(bundle: Path) -> bytes:
    """Return a bundle's in-toto statements, one per line."""
    return _content(bundle, _find(read_release(bundle), PROVENANCE, ""))


def count_licences(sbom: dict[str, Any]) -> Counter[str]:
    """Count the packages of a CycloneDX document by licence; a package with several counts for each."""
    named = (licence_of(item) for item in sbom.get("components", []) if item["type"] == "library")
    return Counter(name for text in named for name in ({text} if text == UNKNOWN else set(NAME.findall(text)) - WORDS))


def licence_of(component: dict[str, Any]) -> str:
    """Return a component's licence as an SPDX expression, UNKNOWN if it has none."""
    licences = component.get("licenses", [])
    return " AND ".join(item.get("expression") or item.get("license", {}).get("id", "") for item in licences) or UNKNOWN


def parse_sbom(data: bytes) -> dict[str, Any]:
    """Return a parsed CycloneDX document."""
    value: dict[str, Any] = json.loads(data)
    return value


def _find(release: ReleaseFile, kind: str, image: str) -> ReleaseDocument:
    matches = [item for item in release.documents if item.kind == kind and item.image == image]
    if not matches:
        fact = "was built before bundles carried documents about themselves"
        raise BedplateError(f"release {release.release}", fact, "run `bedplate bundle build`")
    return matches[0]


def _full_name(release: ReleaseFile, image: str) -> str:
    names = [artifact.image for artifact in release.artifacts if artifact.image]
    matches = [name for name in names if name == image] or [
        name for name in names if f"/{name}".endswith(f"/{image}") or f"/{image}:" in f"/{name}"
    ]
    if len(matches) != 1:
        fact = "is not in the bundle" if not matches else f"is any of {', '.join(matches)}"
        raise InputError(f"image {image}", fact, suggestion(image, names) if not matches else "give more of its name")
    return matches[0]


def _content(bundle: Path, document: ReleaseDocument) -> bytes:
    """Return a document after verifying its digest."""
    data = (bundle / bundle_layout.blob_path(document.sha256)).read_bytes()
    if hashlib.sha256(data).hexdigest() != document.sha256:
        raise BedplateError(f"blob {document.sha256}", "differs from what was signed", "run `bedplate bundle verify`")
    return data
