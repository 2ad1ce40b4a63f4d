"""What release.json says, and the blobs it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .target import Target


def version_of(release: dict[str, Any]) -> str:
    """Return the release's version without a build's label such as +relock."""
    return str(release["release"]).partition("+")[0]


def artifacts(release: dict[str, Any], ids: list[str]) -> list[dict[str, Any]]:
    """Return the artifacts with these ids, in their order."""
    by_id = {a["id"]: a for a in release["artifacts"]}
    return [by_id[entry] for entry in ids]


def named(artifacts: list[dict[str, Any]], folder: Path, target: Target) -> list[Path]:
    """Give blobs the file names that apt and pip insist on, for a moment."""
    for artifact in artifacts:
        (folder / artifact["file"]).hardlink_to(target.blob(artifact["sha256"]))
    return [folder / artifact["file"] for artifact in artifacts]
