"""Proof that the running installer, with its roles, manifests and stacks, is the one that a release was signed with."""

from __future__ import annotations

from bedplate.bundle.verify_bundle import refusals_as_errors
from bedplate.config import bundle_layout
from bedplate.core import digest, paths
from bedplate.core.errors import BedplateError
from bedplate.install.installer_tree import STAMP, find_difference
from bedplate.store.installed import InstalledRelease


def installer_digest() -> str:
    """Return the digest of the running installer, as the bundle's `install` recorded it; empty in a checkout."""
    stamp = paths.SOURCE / STAMP
    return stamp.read_text(encoding="ascii") if stamp.is_file() else ""


def check_installer(release: InstalledRelease) -> None:
    """Compare the running installer with the signed release, file by file.

    Args:
        release: the release, its signature verified.

    Raises:
        BedplateError: another installer runs, or a file of it was changed or added.
    """
    version, signed = release.release.release.partition("+")[0], release.release.installer
    step = f"run `python3 BUNDLE/install --publisher FILE` with the bundle of release {version}"
    if installer_digest() != signed:
        fact = f"in {paths.SOURCE} is not the one that release {version} was signed with"
        raise BedplateError("installer", fact, step)
    blob = release.store / bundle_layout.blob_path(signed)
    if not blob.is_file() or digest.of_file(blob) != signed:
        raise BedplateError(f"blob {signed}", f"is missing from {release.store}, or corrupted", step)
    with refusals_as_errors():
        difference = find_difference(blob, paths.SOURCE)
    if difference:
        fact = f"in {paths.SOURCE} is not as release {version} was signed"
        raise BedplateError(f"file {difference}", fact, f"{step}; it restores the file")
