"""A release in the bastion's store, proven against the publisher's key before anything of it is used."""

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

AGAIN = "carry its bundle in and run its install again"
MARKS = "verified.json"


@dataclass(frozen=True, slots=True)
class InstalledRelease:
    """A release whose signature is proven.

    Attributes:
        store: the store.
        release: its release.json.
        files: what its manifest lists.
    """

    store: Path
    release: ReleaseFile
    files: tuple[ListedFile, ...]


def read(store: Path, version: str, publisher: str) -> InstalledRelease:
    """Return a release of the store, once its manifest's signature and release.json's digest are proven.

    Args:
        store: the store.
        version: the release's version.
        publisher: the public keys that the environment pins, one a line.
    """
    folder = store / "releases" / version
    if not (folder / bundle_layout.RELEASE).is_file():
        known = ", ".join(sorted(path.name for path in (store / "releases").glob("*"))) or "none"
        fact = f"is not in this bastion's store (there: {known})"
        raise InputError(f"release {version}", fact, "carry its bundle in and run its install")
    with refusals_as_errors():
        files = parse_manifest(read_signed(folder, publisher).manifest)
        _, data = read_release(folder, files)
    release = ReleaseFile.model_validate_json(data)
    if release.release.partition("+")[0] != version.partition("+")[0]:
        raise BedplateError(f"folder {folder}", f"holds release {release.release}", AGAIN)
    return InstalledRelease(store, release, tuple(files))


def prove_blobs(installed: InstalledRelease, *, every: bool = False) -> int:
    """Prove that the store has every blob of a release as it was signed; return the number of those that were read.

    A blob that looks as it did when it was proven is not read again. Findings name every wrong one.

    Args:
        installed: the release.
        every: read them all.
    """
    with ProvenFiles(installed.store / MARKS) as marks, ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(
            pool.map(lambda blob: _prove(installed.store, blob, marks, every=every), blobs_of([*installed.files]))
        )
    if errors := [one for one in found if isinstance(one, BedplateError)]:
        raise ErrorList(errors)
    return sum(one is True for one in found)


def _prove(store: Path, blob: ListedFile, marks: ProvenFiles, *, every: bool) -> bool | BedplateError:
    """Return whether the blob had to be read, or what is wrong with it."""
    place = store / blob.path
    try:
        state = place.lstat()
    except FileNotFoundError:
        return BedplateError(f"blob {blob.sha256}", f"is missing from {store}", AGAIN)
    if not every and marks.has(blob.sha256, state):
        return False
    try:
        with refusals_as_errors():
            check_file(store, blob)
    except BedplateError:
        return BedplateError(f"blob {blob.sha256}", f"in {store} differs from what was signed", AGAIN)
    marks.add(blob.sha256, state)
    return True
