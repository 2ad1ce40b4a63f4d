"""One file that is carried: whole, or as the patch that makes it from what the site has."""

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
"""A patch is carried where it is at most this part of the blob: what a patch needs at the site has a price too."""
SMALLEST = 16 << 10
"""Blobs below this are carried whole."""


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file of the bundle that is carried.

    Attributes:
        file: the manifest's line.
        source: what is put into the payload: the file itself, or the patch.
        sha256: the source's digest.
        length: the source's size.
        patch: whether it is a patch.
        base: the blob that the patch starts from; empty: from nothing.
    """

    file: ManifestFile
    source: Path
    sha256: str
    length: int
    patch: bool = False
    base: str = ""


def whole(bundle: Path, file: ManifestFile) -> CarriedFile:
    """Return a file that is carried as it is."""
    return CarriedFile(file, bundle / file.path, file.sha256, file.size)


class PatchMaker:
    """Makes items of blobs."""

    def __init__(self, bundle: Path, have: Inventory, older: BaseCandidates, cache: Cache) -> None:
        """Begin.

        Args:
            bundle: the full bundle.
            have: what the site has.
            older: finds what a patch starts from.
            cache: where patches are kept.
        """
        self._bundle, self._older, self._cache = bundle, older, cache
        self._encoders = shared_encoders(have)

    def item(self, file: ManifestFile, played: list[str], told: Reporter) -> CarriedFile:
        """Return the blob as a patch where that is worth it, whole otherwise."""
        full = whole(self._bundle, file)
        packed_by = {segment.encoder for segment in segments.find_segments(full.source) if segment.encoder}
        near = self._older.nearest(played) if packed_by <= self._encoders else None
        if packed_by and not near:
            return full
        base, path = near or ("", None)
        made = self._recalled(file, base, path, played[0] if played else file.sha256, told)
        if made.size and made.size <= file.size * LARGEST_RATIO:
            return CarriedFile(file, self._cache.blob(made.sha256), made.sha256, made.size, patch=True, base=base)
        return full

    def _recalled(self, file: ManifestFile, base: str, path: Path | None, name: str, told: Reporter) -> Output:
        """Return a patch from the cache, made first if it is not there; an empty one where none is worth it."""
        known = {name: encoder.fingerprints()[name] for name in sorted(self._encoders)}
        recipe = digest.of({"patch": blob_patch.FORM, "from": base, "to": file.sha256, "encoders": known})
        if found := self._cache.recall(recipe):
            return found
        with report_item(told, name) as sizes, self._cache.scratch() as folder:
            made = self._made(file, (base, path), folder)
            sizes.append(made.size)
        self._cache.remember(recipe, made)
        return made

    def _made(self, file: ManifestFile, old: tuple[str, Path | None], folder: Path) -> Output:
        (base, path), whole = old, self._bundle / file.path
        if path and digest.of_file(path) != base:
            raise BedplateError(f"file {path}", "has another content than its name says", "remove it")
        result = folder / "patch"
        with _empty(folder) as scratch:
            blob_patch.make_patch(path, whole, self._encoders, result, Path(scratch))
        if result.stat().st_size > file.size * LARGEST_RATIO:
            return self._cache.add_bytes(b"")
        with _empty(folder) as scratch:
            blob_patch.apply_patch(result, path, folder / "again", Path(scratch))
        if digest.of_file(folder / "again") != file.sha256:
            raise BedplateError(f"blob {file.sha256}", "is not what its patch makes", "report this")
        return self._cache.add(result, move=True)


def _empty(folder: Path) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=folder)


def shared_encoders(have: Inventory) -> set[str]:
    """Return the names of the encoders that make the same at the site as here."""
    return {name for name, mark in encoder.fingerprints().items() if have.encoders.get(name) == mark}
