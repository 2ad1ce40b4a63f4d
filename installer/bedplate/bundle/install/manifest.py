"""The bundle's list of files: manifest.json."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from .refused import RefusedError

PLAIN_FILES = ("index.json", "oci-layout", "release.json")
UNSIGNED = ("manifest.json", "manifest.json.sig")
BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
PROGRAM = re.compile(r"install/[a-z_]+\.py")
"""This program's own files."""


@dataclass(frozen=True)
class File:
    """One line of manifest.json."""

    path: str
    sha256: str
    size: int


def parse_manifest(data: bytes) -> list[File]:
    """Return the manifest's files; a path other than a bundle's own is refused."""
    files = [File(item["path"], item["sha256"], item["size"]) for item in json.loads(data)["files"]]
    for file in files:
        blob = BLOB.fullmatch(file.path)
        plain = file.path in PLAIN_FILES or PROGRAM.fullmatch(file.path)
        if not plain and not (blob and blob[1] == file.sha256):
            raise RefusedError(f"path {file.path!r}", "in manifest.json has no place in a bundle")
    return files
