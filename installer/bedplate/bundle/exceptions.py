"""The exceptions from completeness that a bundle's components declare (`allow:` in component.yaml)."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import yaml

from bedplate.bundle.verify_bundle import refusals_as_errors
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core import paths
from bedplate.core.errors import BedplateError
from bedplate.install.archive import open_tar

FILE = "component.yaml"
MAX_BYTES = 1 << 20
"""Limit for component.yaml, as the bundle may not be verified yet."""
FOLDERS = (PurePosixPath("manifests"), PurePosixPath(paths.DISTRIBUTIONS))
"""Where components are, in the installer's tree and in each of its trees/."""


def declared_exceptions(folder: Path, release: ReleaseFile) -> list[dict[str, str]]:
    """Return each exception with its component, read from the installer in a bundle, sorted.

    Args:
        folder: the bundle's folder.
        release: its release.json.
    """
    with refusals_as_errors(), open_tar(folder / bundle_layout.blob_path(release.installer)) as tar:
        exceptions = [item for member in tar if member.isreg() for item in _of_component(tar, member)]
    return sorted(exceptions, key=lambda item: (item["component"], item["what"]))


def _of_component(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[dict[str, str]]:
    path = PurePosixPath(member.name)
    inside = PurePosixPath(*path.parts[2:]) if path.parts[0] == "trees" else path
    if path.name != FILE or inside.parent.parent not in FOLDERS:
        return
    if member.size > MAX_BYTES:
        raise _unreadable(member, f"is larger than {MAX_BYTES} bytes")
    file = tar.extractfile(member)
    try:
        data = yaml.load(file.read(), Loader=yaml.CSafeLoader) if file else {}
        for item in data.get("allow") or ():
            # Not through the model, which may differ from that of an older release.
            kind = next(kind for kind in item if kind != "reason" and item[kind])
            yield {"component": path.parent.name, "kind": kind, "what": item[kind], "reason": item["reason"]}
    except (yaml.YAMLError, AttributeError, KeyError, StopIteration, TypeError) as error:
        raise _unreadable(member, f"cannot be read ({type(error).__name__})") from error


def _unreadable(member: tarfile.TarInfo, fact: str) -> BedplateError:
    return BedplateError(f"member {member.name!r} of the bundle's installer", fact, "ask the publisher")
