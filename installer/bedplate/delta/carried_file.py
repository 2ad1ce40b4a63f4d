"""One file that a delta carries: whole, or as a patch that makes it from a blob that the site has."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.config.bundle_layout import ManifestFile
from bedplate.config.release_lock import Output
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.core.reporter import Reporter, report_item
from bedplate.delta import blob_patch, encoder, segments
from bedplate.delta.inventory import Inventory
from bedplate.delta.match_base import BaseCandidates

LARGEST_RATIO = 0.6
"""A patch is carried if it is at most this part of the blob: applying it at the site has a cost, too."""
SMALLEST_PATCHED = 16 << 10
"""Blobs smaller than this are carried whole."""


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file of the bundle that a delta carries.

    Attributes:
        file: its line in the manifest.
        source: what goes into the payload: the file itself, or the patch.
        sha256: the source's digest.
        length: the source's size.
        patch: whether the source is a patch.
        base: the blob that the patch starts from; empty if it starts from nothing.
    """

    file: ManifestFile
    source: Path
    sha256: str
    length: int
    patch: bool = False
    base: str = ""


def whole_file(bundle: Path, file: ManifestFile) -> CarriedFile:
    """Return a file that is carried as it is."""
    return CarriedFile(file, bundle / file.path, file.sha256, file.size)


class PatchMaker:
    """Decides for each blob whether a patch is worth it, and makes the patch."""

    def __init__(self, bundle: Path, inventory: Inventory, candidates: BaseCandidates, cache: Cache) -> None:
        """Make no patch yet.

        Args:
            bundle: the full bundle.
            inventory: what the site has.
            candidates: finds the blob that a patch starts from.
            cache: where patches are kept.
        """
        self._bundle, self._candidates, self._cache = bundle, candidates, cache
        self._encoders = shared_encoders(inventory)

    def carry(self, file: ManifestFile, roles: list[str], reporter: Reporter) -> CarriedFile:
        """Return a blob as a patch if that is worth it, or whole.

        Args:
            file: its line in the manifest.
            roles: the roles that it plays in the release.
            reporter: receives progress.
        """
        full = whole_file(self._bundle, file)
        packed_by = {segment.encoder for segment in segments.find_segments(full.source) if segment.encoder}
        nearest = self._candidates.nearest(roles) if packed_by <= self._encoders else None
        if packed_by and not nearest:
            return full
        base, path = nearest or ("", None)
        made = self._cached_patch(file, base, path, roles[0] if roles else file.sha256, reporter)
        if made.size and made.size <= file.size * LARGEST_RATIO:
            return CarriedFile(file, self._cache.blob(made.sha256), made.sha256, made.size, patch=True, base=base)
        return full

    def _cached_patch(self, file: ManifestFile, base: str, path: Path | None, name: str, reporter: Reporter) -> Output:
        """Return a patch from the cache, made first if it is not there; an empty one if no patch is worth it."""
        known = {name: encoder.fingerprints()[name] for name in sorted(self._encoders)}
        recipe = digest.of({"patch": blob_patch.FORMAT, "from": base, "to": file.sha256, "encoders": known})
        if known_patch := self._cache.recall(recipe):
            return known_patch
        with report_item(reporter, name) as sizes, self._cache.scratch() as folder:
            made = self._make(file, (base, path), folder)
            sizes.append(made.size)
        self._cache.remember(recipe, made)
        return made

    def _make(self, file: ManifestFile, old: tuple[str, Path | None], folder: Path) -> Output:
        (base, path), whole = old, self._bundle / file.path
        if path and digest.of_file(path) != base:
            raise BedplateError(f"file {path}", "does not match its digest", "remove it")
        result = folder / "patch"
        with _empty(folder) as scratch:
            blob_patch.make_patch(path, whole, self._encoders, result, Path(scratch))
        if result.stat().st_size > file.size * LARGEST_RATIO:
            return self._cache.add_bytes(b"")
        with _empty(folder) as scratch:
            blob_patch.apply_patch(result, path, folder / "again", Path(scratch))
        if digest.of_file(folder / "again") != file.sha256:
            raise BedplateError(f"blob {file.sha256}", "differs from what its patch makes", "report this as a bug")
        return self._cache.add(result, move=True)


def _empty(folder: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=folder)


def shared_encoders(inventory: Inventory) -> set[str]:
    """Return the names of the encoders that give the same bytes at the site as here."""
    return {name for name, mark in encoder.fingerprints().items() if inventory.encoders.get(name) == mark}
