"""The files of a joined bundle: linked or copied from what the site has, taken from the delta, or patched."""

from __future__ import annotations

import lzma
import os
from collections import Counter
from pathlib import Path

import zstandard

from bedplate.config import bundle_layout
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.delta import blob_patch
from bedplate.delta.delta_layout import PayloadEntry
from bedplate.delta.payload_parts import PayloadReader
from bedplate.install.blob_content import check_file, copy_file
from bedplate.install.manifest import ListedFile
from bedplate.install.refused import RefusedError

NEW_INVENTORY_HINT = "write a new inventory (bedplate bundle inventory --read) and have the delta made again"
PATCH_ERRORS = (BedplateError, zstandard.ZstdError, lzma.LZMAError)
"""What comes of a patch whose older blob is not what it was."""


class DeltaApplier:
    """Makes the bundle's files."""

    def __init__(self, base: Path, payload: PayloadReader) -> None:
        """Begin.

        Args:
            base: the site's store, or an older bundle.
            payload: what the delta carries.
        """
        self._base, self._payload = base, payload
        self.counts: Counter[str] = Counter()
        """How many files were linked, copied, carried and patched."""

    def make(self, file: ListedFile, one: PayloadEntry | None, place: Path, scratch: Path) -> None:
        """Make one file, which appears at its place when it is proven.

        Args:
            file: what the bundle's manifest says of it.
            one: how the delta carries it; None if the site has it.
            place: where it belongs.
            scratch: an empty folder on the same file system.
        """
        place.parent.mkdir(parents=True, exist_ok=True)
        self.counts[self._make(file, one, place, scratch)] += 1

    def _make(self, file: ListedFile, one: PayloadEntry | None, place: Path, scratch: Path) -> str:
        if not one:
            return self._from_base(file, place, scratch)
        fresh = scratch / "fresh"
        self._extract(one, fresh)
        try:
            if one.patch:
                self._patch(one, fresh, scratch)
        except PATCH_ERRORS as error:
            raise self._wrong(file, one) from error
        if digest.of_file(fresh) != file.sha256:
            raise self._wrong(file, one)
        _settle(fresh, place)
        return "patched" if one.patch else "carried"

    def _extract(self, one: PayloadEntry, place: Path) -> None:
        with place.open("wb") as out:
            for data in self._payload.chunks(one.offset, one.length):
                out.write(data)

    def _patch(self, one: PayloadEntry, place: Path, scratch: Path) -> None:
        """Put what a patch makes in the patch's place."""
        old = self._base / bundle_layout.blob_path(one.base) if one.base else None
        work = scratch / "work"
        work.mkdir()
        blob_patch.apply_patch(place, old, scratch / "made", work)
        (scratch / "made").replace(place)

    def _wrong(self, file: ListedFile, one: PayloadEntry) -> BedplateError:
        """Return why a carried file is not as it was signed."""
        if one.base and digest.of_file(self._base / bundle_layout.blob_path(one.base)) != one.base:
            return _spoilt(self._base, one.base)
        return BedplateError(
            f"file {file.path}", "did not come out as it was signed", "carry the full bundle in its place"
        )

    def _from_base(self, file: ListedFile, place: Path, scratch: Path) -> str:
        """Link what the site has, where one file system holds both, or copy it; read against its digest in any case."""
        source = ListedFile(file.path, file.sha256, file.size)
        try:
            try:
                (scratch / "link").hardlink_to(self._base / file.path)
            except OSError:  # another file system, or not ours
                copy_file(self._base, source, scratch / "copy")
                (scratch / "copy").replace(place)
                return "copied"
            check_file(scratch, ListedFile("link", file.sha256, file.size))
        except RefusedError as error:
            raise _spoilt(self._base, file.sha256) from error
        (scratch / "link").replace(place)
        return "linked"


def _spoilt(base: Path, sha256: str) -> BedplateError:
    return BedplateError(f"blob {sha256} in {base}", "has another content than its name says", NEW_INVENTORY_HINT)


def _settle(fresh: Path, place: Path) -> None:
    with fresh.open("rb+") as file:
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())
    fresh.replace(place)
