"""Parser of manifest.json, the list of files in a bundle."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from .refused import RefusedError

FORMAT = 1
PLAIN_FILES = ("index.json", "oci-layout", "release.json")
UNSIGNED = ("manifest.json", "manifest.json.sig")
BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
PROGRAM = re.compile(r"install/[a-z_]+\.py")
"""The files of this installer."""
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ListedFile:
    """One file in manifest.json."""

    path: str
    sha256: str
    size: int


def parse_manifest(data: bytes) -> list[ListedFile]:
    """Return the files in a manifest; refuse a path that is a duplicate or does not belong in a bundle."""
    try:
        value = json.loads(data, object_pairs_hook=_object)
        if value["format"] != FORMAT:
            raise _malformed(f"has format {value['format']!r}; this installer knows {FORMAT}")
        files = [_file(item) for item in value["files"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _malformed(f"is not a list of files ({type(error).__name__}: {error})") from error
    paths = {file.path for file in files}
    if len(paths) != len(files):
        raise _malformed("lists a path twice")
    if lacking := sorted(set(PLAIN_FILES) - paths):
        raise _malformed(f"does not list {lacking[0]}")
    return files


def blobs_of(files: list[ListedFile]) -> list[ListedFile]:
    """Return the files that are blobs."""
    return [file for file in files if BLOB.fullmatch(file.path)]


def listed_file(files: list[ListedFile], path: str) -> ListedFile:
    """Return a file by its path, which every manifest lists."""
    return next(file for file in files if file.path == path)


def _file(item: dict[str, Any]) -> ListedFile:
    path, sha256, size = item["path"], item["sha256"], item["size"]
    if not (isinstance(path, str) and isinstance(sha256, str) and SHA256.fullmatch(sha256)):
        raise _malformed(f"has no digest for {path!r}")
    if type(size) is not int or size < 0:
        raise _malformed(f"has no size for {path!r}")
    blob = BLOB.fullmatch(path)
    if not (path in PLAIN_FILES or PROGRAM.fullmatch(path) or (blob and blob[1] == sha256)):
        raise RefusedError(
            f"path {path!r}", "in manifest.json does not belong in a bundle", "do not install it; ask the publisher"
        )
    return ListedFile(path, sha256, size)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; refuse duplicate keys, which parsers resolve differently."""
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("duplicate key")
    return value


def _malformed(fact: str) -> RefusedError:
    return RefusedError("file manifest.json", fact, "do not install it; ask the publisher")
