"""What a delta carries: each file of the bundle that the site lacks, whole or as a patch, whichever is smaller."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.bundle.verify_bundle import read_release, refusals_as_errors
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BundleManifest, ManifestFile
from bedplate.core.reporter import Reporter
from bedplate.delta import encoder
from bedplate.delta.blob_roles import roles
from bedplate.delta.carried_file import SMALLEST, CarriedFile, PatchMaker, shared_encoders, whole
from bedplate.delta.inventory import Inventory
from bedplate.delta.match_base import BaseCandidates
from bedplate.install.manifest import parse_manifest
from bedplate.install.signature import SignedManifest, read_signed


@dataclass(frozen=True, slots=True)
class DeltaRequest:
    """What a delta is wanted for.

    Attributes:
        bundle: the full bundle.
        publisher: text of the publisher's public keys.
        have: the site's inventory.
        against: bundles that the site is believed to have; patches start from their blobs, too.
    """

    bundle: Path
    publisher: str
    have: Inventory
    against: list[Path] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeltaPlan:
    """A delta that is not written yet.

    Attributes:
        bundle: the full bundle's folder.
        signed: its manifest and signature.
        manifest: the same manifest, parsed.
        have: what the site has.
        items: what is carried, in the payload's order.
        kept: what the site has already.
        notes: what the publisher should know.
    """

    bundle: Path
    signed: SignedManifest
    manifest: BundleManifest
    have: Inventory
    items: list[CarriedFile]
    kept: list[ManifestFile]
    notes: list[str] = field(default_factory=list)

    @property
    def full(self) -> int:
        """Return the full bundle's size."""
        return sum(file.size for file in self.manifest.files)

    @property
    def carried(self) -> int:
        """Return the payload's size."""
        return sum(item.length for item in self.items)


def plan_delta(order: DeltaRequest, cache: Cache, told: Reporter) -> DeltaPlan:
    """Return what a delta to a bundle carries to a site; the patches are made, proven and kept in the cache.

    Args:
        order: what is wanted.
        cache: where patches are kept, and older blobs are found.
        told: told about the work.
    """
    bundle, have = order.bundle, order.have
    with refusals_as_errors():
        signed = read_signed(bundle, order.publisher)
        parse_manifest(signed.manifest)
    manifest, held = BundleManifest.model_validate_json(signed.manifest), have.sizes()
    kept = [file for file in manifest.files if bundle_layout.is_blob(file) and held.get(file.sha256) == file.size]
    lacking = [file for file in manifest.files if file not in set(kept)]
    older = BaseCandidates(have, _local([*order.against, cache.root]))
    maker = PatchMaker(bundle, have, older, cache)
    played = _played(bundle, manifest)
    items = []
    for file in lacking:
        if bundle_layout.is_blob(file) and file.size >= SMALLEST:
            items.append(maker.item(file, played.get(file.sha256, []), told))
        else:
            items.append(whole(bundle, file))
    ordered = sorted(items, key=lambda item: (item.patch, item.file.path))
    return DeltaPlan(bundle, signed, manifest, have, ordered, kept, _notes(order, older))


def _local(folders: Iterable[Path]) -> Callable[[str], Path | None]:
    """Return what finds a blob in some stores."""
    listed = list(folders)

    def find(sha256: str) -> Path | None:
        return next((path for folder in listed if (path := folder / bundle_layout.blob_path(sha256)).is_file()), None)

    return find


def _played(bundle: Path, manifest: BundleManifest) -> dict[str, list[str]]:
    """Return the roles that each blob of the bundle plays."""
    sizes = {file.sha256: file.size for file in manifest.files if bundle_layout.is_blob(file)}
    found = roles(read_release(bundle), sizes, lambda sha256: (bundle / bundle_layout.blob_path(sha256)).read_bytes())
    played: dict[str, list[str]] = {}
    for role, sha256 in found.items():
        played.setdefault(sha256, []).append(role)
    return played


def _notes(order: DeltaRequest, older: BaseCandidates) -> list[str]:
    other = sorted(encoder.ENCODERS.keys() - shared_encoders(order.have))
    notes = [f"the site's encoder {name} is another than ours: what it packed is carried whole" for name in other]
    held = order.have.sizes()
    for folder in order.against:
        release = read_release(folder).release
        lacking = [file for file in _files(folder) if bundle_layout.is_blob(file) and file.sha256 not in held]
        if lacking:
            notes.append(f"the site lacks {len(lacking)} blobs of release {release}: {_named(folder, lacking)}")
    if older.absent:
        notes.append(
            f"{len(older.absent)} blobs of the site are not on this machine, so no patch starts from them:"
            " name the bundle they came in with --against"
        )
    return notes


def _files(folder: Path) -> list[ManifestFile]:
    return BundleManifest.model_validate_json((folder / bundle_layout.MANIFEST).read_bytes()).files


def _named(folder: Path, lacking: list[ManifestFile], most: int = 5) -> str:
    played = _played(folder, BundleManifest.model_validate_json((folder / bundle_layout.MANIFEST).read_bytes()))
    names = sorted(played.get(file.sha256, [file.sha256])[0] for file in lacking)
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
