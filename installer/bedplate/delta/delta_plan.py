"""Planning a delta: which files of the bundle the site lacks, and which of them go as patches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.bundle.verify_bundle import read_release, refusals_as_errors
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BundleManifest, ManifestFile
from bedplate.core.reporter import Reporter
from bedplate.core.sizes import count_of
from bedplate.delta import encoder
from bedplate.delta.blob_roles import blob_roles
from bedplate.delta.carried_file import SMALLEST_PATCHED, CarriedFile, PatchMaker, shared_encoders, whole_file
from bedplate.delta.inventory import Inventory
from bedplate.delta.match_base import BaseCandidates
from bedplate.install.blob_content import read_small
from bedplate.install.manifest import UNSIGNED, parse_manifest
from bedplate.install.signature import LARGEST_MANIFEST, SignedManifest, read_signed


@dataclass(frozen=True, slots=True)
class DeltaRequest:
    """What a delta is made for.

    Attributes:
        bundle: the full bundle.
        publisher: text of the publisher's public keys; empty for a dry run, which does not verify the signature.
        inventory: what the site has.
        against: bundles that the site should have; patches start from their blobs, too.
    """

    bundle: Path
    publisher: str
    inventory: Inventory
    against: list[Path] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeltaPlan:
    """A delta that is not written yet.

    Attributes:
        bundle: the full bundle's folder.
        signed: its manifest and signature.
        manifest: the same manifest, parsed.
        inventory: what the site has.
        carried: the files that are carried, in the order of the payload.
        kept: the files that the site has already.
        notes: what the publisher should know.
    """

    bundle: Path
    signed: SignedManifest
    manifest: BundleManifest
    inventory: Inventory
    carried: list[CarriedFile]
    kept: list[ManifestFile]
    notes: list[str] = field(default_factory=list)

    @property
    def bundle_size(self) -> int:
        """Return the full bundle's size."""
        return sum(file.size for file in self.manifest.files)

    @property
    def payload_size(self) -> int:
        """Return the payload's size."""
        return sum(file.length for file in self.carried)


def plan_delta(request: DeltaRequest, cache: Cache, reporter: Reporter) -> DeltaPlan:
    """Plan a delta; its patches are made, verified by applying them, and kept in the cache.

    Args:
        request: bundle and site.
        cache: where patches are kept, and older blobs are looked for.
        reporter: receives progress.
    """
    bundle, inventory = request.bundle, request.inventory
    with refusals_as_errors():
        signed = read_signed(bundle, request.publisher) if request.publisher else _read_unverified(bundle)
        parse_manifest(signed.manifest)
    manifest, sizes = BundleManifest.model_validate_json(signed.manifest), inventory.sizes()
    kept = [file for file in manifest.files if bundle_layout.is_blob(file) and sizes.get(file.sha256) == file.size]
    lacking = [file for file in manifest.files if file not in set(kept)]
    candidates = BaseCandidates(inventory, _finder([*request.against, cache.root]))
    maker = PatchMaker(bundle, inventory, candidates, cache)
    roles = _roles_by_blob(bundle, manifest)
    carried = []
    for file in lacking:
        if bundle_layout.is_blob(file) and file.size >= SMALLEST_PATCHED:
            carried.append(maker.carry(file, roles.get(file.sha256, []), reporter))
        else:
            carried.append(whole_file(bundle, file))
    ordered = sorted(carried, key=lambda one: (one.patch, one.file.path))
    return DeltaPlan(bundle, signed, manifest, inventory, ordered, kept, _notes(request, candidates))


def _read_unverified(bundle: Path) -> SignedManifest:
    return SignedManifest(*(read_small(bundle, name, LARGEST_MANIFEST) for name in UNSIGNED))


def _finder(folders: Iterable[Path]) -> Callable[[str], Path | None]:
    """Return a function that looks for a blob in some stores and bundles."""
    stores = list(folders)

    def find(sha256: str) -> Path | None:
        return next((path for folder in stores if (path := folder / bundle_layout.blob_path(sha256)).is_file()), None)

    return find


def _roles_by_blob(bundle: Path, manifest: BundleManifest) -> dict[str, list[str]]:
    """Return the roles that each blob of the bundle plays."""
    sizes = {file.sha256: file.size for file in manifest.files if bundle_layout.is_blob(file)}
    blobs = blob_roles(
        read_release(bundle), sizes, lambda sha256: (bundle / bundle_layout.blob_path(sha256)).read_bytes()
    )
    roles: dict[str, list[str]] = {}
    for role, sha256 in blobs.items():
        roles.setdefault(sha256, []).append(role)
    return roles


def _notes(request: DeltaRequest, candidates: BaseCandidates) -> list[str]:
    differing = sorted(encoder.ENCODERS.keys() - shared_encoders(request.inventory))
    notes = [
        f"the site's encoder {name} differs from this machine's: blobs that it packed are carried whole"
        for name in differing
    ]
    if not request.publisher:
        notes.append("the bundle's signature was not verified: this machine has no publisher's key")
    sizes = request.inventory.sizes()
    for folder in request.against:
        release = read_release(folder).release
        lacking = [file for file in _files(folder) if bundle_layout.is_blob(file) and file.sha256 not in sizes]
        if lacking:
            count = count_of(len(lacking), "blob")
            notes.append(f"the site lacks {count} of release {release}: {_names(folder, lacking)}")
    if candidates.absent:
        notes.append(
            f"this machine lacks {count_of(len(candidates.absent), 'blob')} of the site, so no patch starts from them;"
            " name the bundle that brought them: --against BUNDLE"
        )
    return notes


def _files(folder: Path) -> list[ManifestFile]:
    return BundleManifest.model_validate_json((folder / bundle_layout.MANIFEST).read_bytes()).files


def _names(folder: Path, lacking: list[ManifestFile], most: int = 5) -> str:
    roles = _roles_by_blob(folder, BundleManifest.model_validate_json((folder / bundle_layout.MANIFEST).read_bytes()))
    names = sorted(roles.get(file.sha256, [file.sha256])[0] for file in lacking)
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")
