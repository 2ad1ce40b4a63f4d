"""Verified reading of release.json, and selection of the artifacts in it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .blob_content import COPY_AGAIN, read_small
from .manifest import ListedFile, blobs_of, listed_file
from .refused import RefusedError
from .target import BastionTarget

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+~!:-]*")
"""A path component: it names one file, below the folder it is added to."""


def read_release(bundle: Path, files: list[ListedFile]) -> tuple[dict[str, Any], bytes]:
    """Return release.json, parsed and as bytes; refuse a wrong digest, unsafe path or missing blob."""
    file = listed_file(files, "release.json")
    data = read_small(bundle, file.path, file.size)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise RefusedError(f"file {file.path}", "differs from what was signed", COPY_AGAIN)
    try:
        release: dict[str, Any] = json.loads(data)
        components, digests = list(_path_components(release)), list(_digests(release))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        fact = f"is not a release file ({type(error).__name__}: {error})"
        raise RefusedError(f"file {file.path}", fact, "ask the publisher") from error
    if wrong := [component for component in components if not NAME.fullmatch(component)]:
        raise RefusedError(f"name {wrong[0]!r}", "in release.json cannot be part of a path", "ask the publisher")
    if lacking := set(digests) - {blob.sha256 for blob in blobs_of(files)}:
        raise RefusedError(f"blob {min(lacking)}", "is in release.json but not in manifest.json", COPY_AGAIN)
    return release, data


def _path_components(release: dict[str, Any]) -> Iterator[str]:
    """Yield every string that becomes part of a path on the bastion."""
    yield release["release"]
    yield from (artifact["file"] for artifact in release["artifacts"] if artifact["file"])
    for program in release["bastion"]["programs"]:
        yield from (program["component"], program["version"], *program["path"].split("/"))


def _digests(release: dict[str, Any]) -> Iterator[str]:
    yield release["installer"]
    yield from (artifact["sha256"] for artifact in release["artifacts"])
    yield from (document["sha256"] for document in release.get("documents", []))
    yield from (program["artifact"] for program in release["bastion"]["programs"])


def version_of(release: dict[str, Any]) -> str:
    """Return the release's version without a build label such as +relock."""
    return str(release["release"]).partition("+")[0]


def select_artifacts(release: dict[str, Any], ids: list[str]) -> list[dict[str, Any]]:
    """Return the artifacts with these ids, in the order of the ids."""
    by_id = {a["id"]: a for a in release["artifacts"]}
    return [by_id[entry] for entry in ids]


def link_by_file_name(artifacts: list[dict[str, Any]], folder: Path, target: BastionTarget) -> list[Path]:
    """Link blobs into a temporary folder under the file names that apt and pip require."""
    for artifact in artifacts:
        (folder / artifact["file"]).hardlink_to(target.blob(artifact["sha256"]))
    return [folder / artifact["file"] for artifact in artifacts]
