"""Reading an installed release from the bastion's store, verified against the publisher's key before use."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bedplate.artifacts.verified_blobs import ProvenFiles
from bedplate.bundle.verify_bundle import refusals_as_errors
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.install.blob_content import check_file
from bedplate.install.manifest import ListedFile, blobs_of, parse_manifest
from bedplate.install.release_json import read_release
from bedplate.install.signature import read_signed

INSTALL_AGAIN = "copy its bundle here and run its installer again"
MARKS = "verified.json"


@dataclass(frozen=True, slots=True)
class InstalledRelease:
    """A release whose signature is verified.

    Attributes:
        store: the store.
        release: its release.json.
        files: the files in its manifest.
    """

    store: Path
    release: ReleaseFile
    files: tuple[ListedFile, ...]


def read(store: Path, version: str, publisher: str) -> InstalledRelease:
    """Return a release in the store, after verifying the signature of its manifest and the digest of release.json.

    Args:
        store: the store.
        version: the release's version.
        publisher: the public keys that the environment pins, one per line.
    """
    folder = store / "releases" / version
    if not (folder / bundle_layout.RELEASE).is_file():
        known = ", ".join(sorted(path.name for path in (store / "releases").glob("*"))) or "none"
        fact = f"is not in this bastion's store (installed: {known})"
        raise InputError(f"release {version}", fact, "copy its bundle here and run its installer")
    with refusals_as_errors():
        files = parse_manifest(read_signed(folder, publisher).manifest)
        _, data = read_release(folder, files)
    release = ReleaseFile.model_validate_json(data)
    if release.release.partition("+")[0] != version.partition("+")[0]:
        raise BedplateError(f"folder {folder}", f"holds release {release.release}", INSTALL_AGAIN)
    return InstalledRelease(store, release, tuple(files))


def prove_blobs(installed: InstalledRelease, *, every: bool = False) -> int:
    """Verify that the store has every blob of a release; return the number of blobs read.

    A blob whose metadata is unchanged since it was last verified is not read again. Raises ErrorList with an error per
    wrong blob.

    Args:
        installed: the release.
        every: read all of them.
    """
    with ProvenFiles(installed.store / MARKS) as marks, ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = list(
            pool.map(lambda blob: _prove(installed.store, blob, marks, every=every), blobs_of([*installed.files]))
        )
    if errors := [error for error in outcomes if isinstance(error, BedplateError)]:
        raise ErrorList(errors)
    return sum(was_read is True for was_read in outcomes)


def _prove(store: Path, blob: ListedFile, marks: ProvenFiles, *, every: bool) -> bool | BedplateError:
    """Return whether the blob had to be read, or the error with it."""
    path = store / blob.path
    try:
        state = path.lstat()
    except FileNotFoundError:
        return BedplateError(f"blob {blob.sha256}", f"is missing from {store}", INSTALL_AGAIN)
    if not every and marks.has(blob.sha256, state):
        return False
    try:
        with refusals_as_errors():
            check_file(store, blob)
    except BedplateError:
        return BedplateError(f"blob {blob.sha256}", f"in {store} differs from what was signed", INSTALL_AGAIN)
    marks.add(blob.sha256, state)
    return True
