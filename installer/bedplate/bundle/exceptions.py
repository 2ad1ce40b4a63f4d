"""What a bundle deliberately lacks, and why: the exceptions that its components' files declare."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import yaml

from bedplate.bundle.verify_bundle import refusals_as_errors
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import BedplateError
from bedplate.install.archive import open_tar

FILE = "component.yaml"
LARGEST = 1 << 20
"""Bytes that no such file has; the bundle may not be proven yet."""
FOLDER = "manifests"
KINDS = ("image", "deb", "wheel")


def declared_exceptions(folder: Path, release: ReleaseFile) -> list[dict[str, str]]:
    """Return each exception with its component, as the installer inside a bundle has them, sorted.

    Args:
        folder: the bundle.
        release: its release.json.
    """
    with refusals_as_errors(), open_tar(folder / bundle_layout.blob_path(release.installer)) as tar:
        found = [one for member in tar if member.isreg() for one in _of_file(tar, member)]
    return sorted(found, key=lambda one: (one["component"], one["what"]))


def _of_file(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[dict[str, str]]:
    parts = PurePosixPath(member.name).parts
    if parts[-1] != FILE or len(parts) < 3 or parts[-3] != FOLDER or parts[0] not in (FOLDER, "trees"):  # noqa: PLR2004
        return
    if member.size > LARGEST:
        raise _unreadable(member, f"has more than {LARGEST} bytes")
    file = tar.extractfile(member)
    try:
        data = yaml.load(file.read(), Loader=yaml.CSafeLoader) if file else {}
        for item in data.get("allow") or ():
            # Not by today's model: a bundle of an older release is shown as it is.
            kind = next(kind for kind in KINDS if item.get(kind))
            yield {"component": parts[-2], "kind": kind, "what": item[kind], "reason": item["reason"]}
    except (yaml.YAMLError, AttributeError, KeyError, StopIteration, TypeError) as error:
        raise _unreadable(member, f"cannot be read ({type(error).__name__})") from error


def _unreadable(member: tarfile.TarInfo, fact: str) -> BedplateError:
    return BedplateError(f"member {member.name!r} of the bundle's installer", fact, "ask the publisher")
