"""The inventory file: a small, signed list of the blobs that a site has. A delta is made against it.

Format: the line `bedplate-inventory 1 SITE`, the site's armored SSH signature, then the signed content (JSON, zstd).
The line's first word is the signature's namespace. It was `bedplate-have`, which sites with an older installer write.
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
from bedplate.delta.blob_roles import blob_roles
from bedplate.pki import site_key

FIRST_LINE = re.compile(rb"(bedplate-inventory|bedplate-have) 1 ([a-z0-9][a-z0-9-]{0,62})\n")
END_OF_SIGNATURE = b"-----END SSH SIGNATURE-----\n"
LARGEST = 64 << 20
"""Bytes; about a hundred times what a large site writes."""
BLOB = re.compile(r"[0-9a-f]{64}")
LEVEL = 19


class HeldRelease(Model):
    """A release at the site.

    Attributes:
        release: its version.
        bundle: its bundle's digest.
        roles: the blob of each role (see blob_roles.py), as an index into the inventory's blobs.
    """

    release: str
    bundle: str
    roles: dict[str, int]


class Inventory(Model):
    """The content of an inventory file."""

    site: str = Field(description="name of the environment that it was written for")
    encoders: dict[str, str] = Field(description="fingerprints of the encoders of the site's installer")
    releases: list[HeldRelease]
    blobs: list[tuple[str, int]] = Field(description="sha256 and size of each")

    def sizes(self) -> dict[str, int]:
        """Return the size of each blob."""
        return dict(self.blobs)


def take_inventory(folder: Path, site: str, *, read: bool = False) -> tuple[Inventory, list[str]]:
    """Return what a store or a bundle holds, and the blobs that were left out because they are corrupted.

    Args:
        folder: the store, or a bundle.
        site: the environment's name.
        read: verify every blob's digest; otherwise rely on its verification at install.
    """
    store = folder / bundle_layout.BLOBS
    if not store.is_dir():
        raise InputError(f"folder {folder}", f"has no {bundle_layout.BLOBS}", "give a store or a bundle")
    paths = sorted(path for path in store.iterdir() if BLOB.fullmatch(path.name) and path.is_file())
    corrupted = {path.name for path in paths if read and digest.of_file(path) != path.name}
    blobs = [(path.name, path.stat().st_size) for path in paths if path.name not in corrupted]
    numbers = {sha256: number for number, (sha256, _) in enumerate(blobs)}
    releases = [_held_release(path, store, numbers) for path in _release_folders(folder)]
    return Inventory(site=site, encoders=encoder.fingerprints(), releases=releases, blobs=blobs), sorted(corrupted)


def _release_folders(folder: Path) -> list[Path]:
    """Return the folders with the releases' files: the bundle itself, or those of a store."""
    if (folder / bundle_layout.RELEASE).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"releases/*/{bundle_layout.RELEASE}"))


def _held_release(folder: Path, blobs: Path, numbers: dict[str, int]) -> HeldRelease:
    release, manifest = read_release(folder), (folder / bundle_layout.MANIFEST).read_bytes()
    files = bundle_layout.BundleManifest.model_validate_json(manifest).files
    listed = {file.sha256: file.size for file in files if bundle_layout.is_blob(file) and file.sha256 in numbers}
    try:
        roles = blob_roles(release, listed, lambda sha256: (blobs / sha256).read_bytes())
    except FileNotFoundError as error:
        step = "install the release's bundle again"
        raise BedplateError(f"release {release.release}", f"lacks blob {Path(error.filename).name}", step) from error
    indices = {role: numbers[sha256] for role, sha256 in roles.items()}
    return HeldRelease(release=release.release, bundle=digest.of_file(folder / bundle_layout.MANIFEST), roles=indices)


def seal(inventory: Inventory, key: Path) -> bytes:
    """Return the content of the signed file."""
    packed = zstandard.compress(digest.canonical(inventory.model_dump()), LEVEL)
    return (
        f"bedplate-inventory 1 {inventory.site}\n".encode()
        + site_key.sign(packed, key, site_key.INVENTORY_NAMESPACE)
        + packed
    )


def unseal(path: Path, public: Callable[[str], str]) -> Inventory:
    """Return the inventory in a file, after verifying its signature.

    Args:
        path: the file.
        public: returns the public site key for the name on the first line, which is not verified yet.
    """
    if not path.is_file():
        raise InputError(f"inventory file {path}", "does not exist", "create it with `bedplate bundle inventory`")
    if path.stat().st_size > LARGEST:
        raise InputError(
            f"file {path}", "is too large for an inventory file", "give a file that `bedplate bundle inventory` wrote"
        )
    data = path.read_bytes()
    first, end = FIRST_LINE.match(data), data.find(END_OF_SIGNATURE)
    if not first or end < 0:
        raise InputError(
            f"file {path}", "is not an inventory file", "give a file that `bedplate bundle inventory` wrote"
        )
    packed = data[end + len(END_OF_SIGNATURE) :]
    namespace, named_site = first[1].decode(), first[2].decode()
    try:
        site_key.check(packed, data[first.end() : end + len(END_OF_SIGNATURE)], public(named_site), namespace)
        inventory = _parsed(packed)
    except BedplateError as error:
        raise BedplateError(f"file {path}: {error.subject}", error.fact, error.hint) from error
    if inventory.site != named_site:
        fact = f"names site {named_site} on its first line and {inventory.site} in its content"
        raise BedplateError(f"file {path}", fact, "create it again with `bedplate bundle inventory`")
    return inventory


def _parsed(packed: bytes) -> Inventory:
    try:
        large = not 0 <= zstandard.frame_content_size(packed) <= LARGEST
        return Inventory.model_validate_json(b"" if large else zstandard.decompress(packed))
    except (zstandard.ZstdError, ValidationError) as error:
        raise BedplateError(
            "inventory file", "is in an unknown format", "use the same release of bedplate on both sides"
        ) from error
