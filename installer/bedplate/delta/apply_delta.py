"""Applying a delta: makes each file of the bundle from the site's store, from the payload, or with a patch."""

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

NEW_INVENTORY_HINT = "run `bedplate bundle inventory --read`, and ask the publisher for a new delta"
PATCH_ERRORS = (BedplateError, zstandard.ZstdError, lzma.LZMAError)
"""Raised when a patch is applied to an older blob that is not what it was."""


class DeltaApplier:
    """Makes the files of a bundle, one at a time."""

    def __init__(self, base: Path, payload: PayloadReader) -> None:
        """Make no file yet.

        Args:
            base: the site's store, or an older bundle.
            payload: the content that the delta carries.
        """
        self._base, self._payload = base, payload
        self.counts: Counter[str] = Counter()
        """How many files were linked, copied, carried and patched."""

    def make_file(self, file: ListedFile, entry: PayloadEntry | None, target: Path, scratch: Path) -> None:
        """Make one file. It appears at its path only after its digest is verified.

        Args:
            file: its line in the bundle's manifest.
            entry: how the delta carries it; None if the site has it.
            target: its path.
            scratch: an empty folder on the same file system.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        self.counts[self._make(file, entry, target, scratch)] += 1

    def _make(self, file: ListedFile, entry: PayloadEntry | None, target: Path, scratch: Path) -> str:
        if not entry:
            return self._from_base(file, target, scratch)
        fresh = scratch / "fresh"
        self._extract(entry, fresh)
        try:
            if entry.patch:
                self._patch(entry, fresh, scratch)
        except PATCH_ERRORS as error:
            raise self._mismatch(file, entry) from error
        if digest.of_file(fresh) != file.sha256:
            raise self._mismatch(file, entry)
        _settle(fresh, target)
        return "patched" if entry.patch else "carried"

    def _extract(self, entry: PayloadEntry, target: Path) -> None:
        with target.open("wb") as out:
            for data in self._payload.read_slice(entry.offset, entry.length):
                out.write(data)

    def _patch(self, entry: PayloadEntry, path: Path, scratch: Path) -> None:
        """Replace a patch by the file that it makes."""
        old = self._base / bundle_layout.blob_path(entry.base) if entry.base else None
        work = scratch / "work"
        work.mkdir()
        blob_patch.apply_patch(path, old, scratch / "made", work)
        (scratch / "made").replace(path)

    def _mismatch(self, file: ListedFile, entry: PayloadEntry) -> BedplateError:
        """Return why a carried file does not have the signed digest."""
        if entry.base and digest.of_file(self._base / bundle_layout.blob_path(entry.base)) != entry.base:
            return _corrupted(self._base, entry.base)
        return BedplateError(f"file {file.path}", "does not have the signed digest", "carry the full bundle instead")

    def _from_base(self, file: ListedFile, target: Path, scratch: Path) -> str:
        """Link a file that the site has, or copy it from another file system; verify its digest either way."""
        source = ListedFile(file.path, file.sha256, file.size)
        try:
            try:
                (scratch / "link").hardlink_to(self._base / file.path)
            except OSError:  # another file system, or not ours
                copy_file(self._base, source, scratch / "copy")
                (scratch / "copy").replace(target)
                return "copied"
            check_file(scratch, ListedFile("link", file.sha256, file.size))
        except RefusedError as error:
            raise _corrupted(self._base, file.sha256) from error
        (scratch / "link").replace(target)
        return "linked"


def _corrupted(base: Path, sha256: str) -> BedplateError:
    return BedplateError(f"blob {sha256} in {base}", "does not match its digest", NEW_INVENTORY_HINT)


def _settle(fresh: Path, target: Path) -> None:
    with fresh.open("rb+") as file:
        os.fchmod(file.fileno(), 0o444)
        os.fsync(file.fileno())
    fresh.replace(target)
