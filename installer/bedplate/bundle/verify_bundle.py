"""Verification of a bundle: the signature, then the list of files, then the content of every file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bedplate.config import bundle_layout
from bedplate.core.errors import BedplateError, ErrorList
from bedplate.install.blob_content import check_file
from bedplate.install.install_steps import check_bundle
from bedplate.install.manifest import ListedFile
from bedplate.install.refused import RefusedError

WORKERS = os.cpu_count() or 1


def verify(
    bundle: Path, publisher: str, progress: Callable[[int], None] = lambda _: None
) -> bundle_layout.BundleManifest:
    """Verify a bundle and return its manifest.

    Args:
        bundle: the bundle's directory.
        publisher: text of the publisher's public keys, one per line.
        progress: called with the size of each verified file.

    Raises:
        BedplateError: the signature, the list of files or release.json is wrong.
        ErrorList: the content of some files is wrong; one error per file.
    """
    with refusals_as_errors():
        signed, files, _ = check_bundle(bundle, publisher)

    def check(file: ListedFile) -> BedplateError | None:
        try:
            with refusals_as_errors():
                check_file(bundle, file)
        except BedplateError as error:
            return error
        progress(file.size)
        return None

    with ThreadPoolExecutor(WORKERS) as pool:
        outcomes = pool.map(check, sorted(files, key=lambda file: -file.size))
        errors = [error for error in outcomes if error]
    if errors:
        raise ErrorList(errors)
    return bundle_layout.BundleManifest.model_validate_json(signed.manifest)


@contextmanager
def refusals_as_errors() -> Iterator[None]:
    """Turn a RefusedError of the bundle's installer into a BedplateError."""
    try:
        yield
    except RefusedError as error:
        raise BedplateError(error.subject, error.fact, error.hint) from error


def read_release(folder: Path) -> bundle_layout.ReleaseFile:
    """Return release.json of a bundle, or of a release's folder in the store, without verifying it."""
    path = folder / bundle_layout.RELEASE
    if not path.is_file():
        raise BedplateError(
            f"folder {folder}", f"is not a bundle: it has no {bundle_layout.RELEASE}", "name the folder of a bundle"
        )
    return bundle_layout.ReleaseFile.model_validate_json(path.read_bytes())
