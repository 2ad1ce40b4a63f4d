"""What a bundle deliberately lacks, and why: the exceptions that its components' files declare."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import yaml

from bedplate.bundle import layout
from bedplate.bundle.install.archive import open_tar
from bedplate.bundle.layout import ReleaseFile
from bedplate.bundle.verify import refusals
from bedplate.model.component import AllowedReference

FILE = "component.yaml"
LARGEST = 1 << 20
"""Bytes that no such file has; the bundle may not be proven yet."""
FOLDER = "manifests"


def exceptions(folder: Path, release: ReleaseFile) -> list[dict[str, str]]:
    """Return each exception with its component, as the installer inside a bundle has them, sorted.

    Args:
        folder: the bundle.
        release: its release.json.
    """
    with refusals(), open_tar(folder / layout.blob(release.installer)) as tar:
        found = [one for member in tar if member.isreg() for one in _of_file(tar, member)]
    return sorted(found, key=lambda one: (one["component"], one["what"]))


def _of_file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[dict[str, str]]:
    parts = PurePosixPath(member.name).parts
    if parts[-1] != FILE or len(parts) < 3 or parts[-3] != FOLDER or parts[0] not in (FOLDER, "trees"):  # noqa: PLR2004
        return
    file = tar.extractfile(member) if member.size <= LARGEST else None
    data = yaml.load(file.read(), Loader=yaml.CSafeLoader) if file else {}
    for item in data.get("allow") or ():
        one = AllowedReference.model_validate(item)
        kind = next(kind for kind in ("image", "deb", "wheel") if getattr(one, kind))
        yield {"component": parts[-2], "kind": kind, "what": getattr(one, kind), "reason": one.reason}
