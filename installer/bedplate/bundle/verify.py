"""Verification of a bundle: the signature, then every byte."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bedplate.bundle import layout
from bedplate.bundle.install.content import read_verified
from bedplate.bundle.install.listing import check_listing
from bedplate.bundle.install.manifest import File, parse_manifest
from bedplate.bundle.install.refused import RefusedError
from bedplate.bundle.install.signature import read_signed
from bedplate.errors import BedplateError, Findings

WORKERS = 4


def verify(bundle: Path, publisher: str, progress: Callable[[int], None] = lambda _: None) -> layout.Manifest:
    """Return the manifest of a bundle that is whole and the publisher's; Findings name every wrong file.

    Args:
        bundle: the bundle's directory.
        publisher: text of the publisher's public key.
        progress: called with the number of bytes of each file that was read.
    """
    try:
        signed = read_signed(bundle, publisher)
        files = parse_manifest(signed)
        check_listing(bundle, files)
    except RefusedError as error:
        raise BedplateError(error.subject, error.fact, error.next_step) from error

    def check(file: File) -> BedplateError | None:
        try:
            read_verified(bundle, file)
        except RefusedError as error:
            return BedplateError(error.subject, error.fact, error.next_step)
        progress(file.size)
        return None

    with ThreadPoolExecutor(WORKERS) as pool:
        errors = [error for error in pool.map(check, files) if error]
    if errors:
        raise Findings(errors)
    return layout.Manifest.model_validate_json(signed)


def read_release(folder: Path) -> layout.ReleaseFile:
    """Return release.json of a bundle, or of a release's folder in the store."""
    path = folder / layout.RELEASE
    if not path.is_file():
        raise BedplateError(f"folder {folder}", f"is no bundle: it has no {layout.RELEASE}")
    return layout.ReleaseFile.model_validate_json(path.read_bytes())
