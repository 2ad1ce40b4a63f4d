"""What a bundle deliberately lacks, and why: the exceptions that its components' files declare."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import yaml

from bedplate.bundle import layout
from bedplate.bundle.layout import ReleaseFile
from bedplate.model.component import AllowedReference

FILE = "component.yaml"
FOLDER = "manifests"


def exceptions(folder: Path, release: ReleaseFile) -> list[dict[str, str]]:
    """Return each exception with its component, as the installer inside a bundle has them, sorted.

    Args:
        folder: the bundle.
        release: its release.json.
    """
    with tarfile.open(folder / layout.blob(release.installer)) as tar:
        found = [one for member in tar if member.isreg() for one in _of_file(tar, member)]
    return sorted(found, key=lambda one: (one["component"], one["what"]))


def _of_file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[dict[str, str]]:
    parts = PurePosixPath(member.name).parts
    if parts[-1] != FILE or len(parts) < 3 or parts[-3] != FOLDER or parts[0] not in (FOLDER, "trees"):  # noqa: PLR2004
        return
    file = tar.extractfile(member)
    data = yaml.load(file.read(), Loader=yaml.CSafeLoader) if file else {}
    for item in data.get("allow") or ():
        one = AllowedReference.model_validate(item)
        kind = next(kind for kind in ("image", "deb", "wheel") if getattr(one, kind))
        yield {"component": parts[-2], "kind": kind, "what": getattr(one, kind), "reason": one.reason}
