"""What a site has: a small signed inventory of digests, which a delta is made against.

Form: the line `bedplate-have 1 SITE`, the site's armored SSH signature, and the signed rest: JSON, zstd.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import zstandard
from pydantic import Field, ValidationError

from bedplate.bundle.verify_bundle import read_release
from bedplate.config import bundle_layout
from bedplate.config.base import Model
from bedplate.core import digest
from bedplate.core.errors import BedplateError, InputError
from bedplate.delta import encoder
from bedplate.delta.blob_roles import roles
from bedplate.pki import site_key

FIRST_LINE = re.compile(rb"bedplate-have 1 ([a-z0-9][a-z0-9-]{0,62})\n")
END_OF_SIGNATURE = b"-----END SSH SIGNATURE-----\n"
LARGEST = 64 << 20
"""Some hundred times what a large site writes."""
BLOB = re.compile(r"[0-9a-f]{64}")
LEVEL = 19


class HeldRelease(Model):
    """A release at the site.

    Attributes:
        release: its version.
        bundle: its bundle's digest.
        roles: the number of the blob that plays each role (see role.py).
    """

    release: str
    bundle: str
    roles: dict[str, int]


class Inventory(Model):
    """The inventory."""

    site: str = Field(description="environment that it was written for")
    encoders: dict[str, str] = Field(description="fingerprints of what the site's installer can pack again")
    releases: list[HeldRelease]
    blobs: list[tuple[str, int]] = Field(description="sha256 and size of each")

    def sizes(self) -> dict[str, int]:
        """Return the size of each blob."""
        return dict(self.blobs)


def take_inventory(folder: Path, site: str, *, read: bool = False) -> tuple[Inventory, list[str]]:
    """Return what a store or a bundle holds, and the blobs that were left out because they are spoilt.

    Args:
        folder: the store, or a bundle.
        site: the environment's name.
        read: read every blob against its digest; without it a blob counts that was verified when it came.
    """
    place = folder / bundle_layout.BLOBS
    if not place.is_dir():
        raise InputError(f"folder {folder}", f"has no {bundle_layout.BLOBS}", "give the store or a bundle")
    found = sorted(path for path in place.iterdir() if BLOB.fullmatch(path.name) and path.is_file())
    spoilt = {path.name for path in found if read and digest.of_file(path) != path.name}
    blobs = [(path.name, path.stat().st_size) for path in found if path.name not in spoilt]
    numbers = {sha256: number for number, (sha256, _) in enumerate(blobs)}
    held = [_release(one, place, numbers) for one in _releases(folder)]
    return Inventory(site=site, encoders=encoder.fingerprints(), releases=held, blobs=blobs), sorted(spoilt)


def _releases(folder: Path) -> list[Path]:
    """Return the folders with the releases' files: the bundle itself, or those in the store."""
    if (folder / bundle_layout.RELEASE).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"releases/*/{bundle_layout.RELEASE}"))


def _release(folder: Path, blobs: Path, numbers: dict[str, int]) -> HeldRelease:
    release, manifest = read_release(folder), (folder / bundle_layout.MANIFEST).read_bytes()
    files = bundle_layout.BundleManifest.model_validate_json(manifest).files
    listed = {file.sha256: file.size for file in files if bundle_layout.is_blob(file) and file.sha256 in numbers}
    try:
        found = roles(release, listed, lambda sha256: (blobs / sha256).read_bytes())
    except FileNotFoundError as error:
        step = "install the release's bundle again"
        raise BedplateError(f"release {release.release}", f"lacks blob {Path(error.filename).name}", step) from error
    known = {role: numbers[sha256] for role, sha256 in found.items()}
    return HeldRelease(release=release.release, bundle=digest.of_file(folder / bundle_layout.MANIFEST), roles=known)


def seal(have: Inventory, key: Path) -> bytes:
    """Return the signed file."""
    packed = zstandard.compress(digest.canonical(have.model_dump()), LEVEL)
    return f"bedplate-have 1 {have.site}\n".encode() + site_key.sign(packed, key, site_key.INVENTORY_NAMESPACE) + packed


def unseal(path: Path, public: Callable[[str], str]) -> Inventory:
    """Return the inventory in a file, once its signature is proven.

    Args:
        path: the file.
        public: gives the public site key for the name on the first line, which is not proven before.
    """
    if path.stat().st_size > LARGEST:
        raise InputError(f"file {path}", "is larger than any inventory", "give what `bedplate bundle inventory` wrote")
    data = path.read_bytes()
    first, end = FIRST_LINE.match(data), data.find(END_OF_SIGNATURE)
    if not first or end < 0:
        raise InputError(f"file {path}", "is no inventory", "give what `bedplate bundle inventory` wrote")
    packed = data[end + len(END_OF_SIGNATURE) :]
    named = first[1].decode()
    try:
        site_key.check(
            packed, data[first.end() : end + len(END_OF_SIGNATURE)], public(named), site_key.INVENTORY_NAMESPACE
        )
        have = _parsed(packed)
    except BedplateError as error:
        raise BedplateError(f"file {path}: {error.subject}", error.fact, error.hint) from error
    if have.site != named:
        raise BedplateError(f"file {path}", f"is of site {have.site}, and says {named}", "have it written again")
    return have


def _parsed(packed: bytes) -> Inventory:
    try:
        large = not 0 <= zstandard.frame_content_size(packed) <= LARGEST
        return Inventory.model_validate_json(b"" if large else zstandard.decompress(packed))
    except (zstandard.ZstdError, ValidationError) as error:
        raise BedplateError("inventory", "has another form", "use the same release's bedplate on both sides") from error
