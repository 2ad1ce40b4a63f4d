"""The releases in a bastion's store: what each takes, who runs it, and how one is removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bedplate.apply.ledger import Ledger
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BundleManifest
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.paths import MIRROR, STORE
from bedplate.install.store_lock import store_lock
from bedplate.store.mirror_tree import KEY_HOME, ensure_mirror_locked
from bedplate.store.unpacked_programs import UnpackedPrograms, unpacked_by

RELEASES = "releases"
REMOVED = "removed"
"""Releases whose removal began: their blobs go, and then they do."""
LEDGERS = "*/ledger.db"
UNPACKED = UnpackedPrograms()


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """One release of the store.

    Attributes:
        version: its version.
        size: bytes of its blobs.
        alone: bytes that no other release uses: what removing it frees.
        environments: those that run it, or have begun to.
    """

    version: str
    size: int
    alone: int
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """What a removal did.

    Attributes:
        blobs: number of blobs that are gone.
        size: their bytes.
        links: number of files that the mirror lost.
        folders: number of versions of programs, the installer among them, that are gone.
    """

    blobs: int
    size: int
    links: int
    folders: int


def stored(store: Path = STORE, state: Path = paths.STATE) -> list[StoredRelease]:
    """Return the releases in a store, by version."""
    users, blobs = running_releases(state), {path.name: _blobs(path) for path in _folders(store / RELEASES)}
    found = []
    for version, own in blobs.items():
        others = {sha for other, shas in blobs.items() if other != version for sha in shas}
        alone = sum(size for sha, size in own.items() if sha not in others)
        names = tuple(sorted(name for name, releases in users.items() if version in releases))
        found.append(StoredRelease(version, sum(own.values()), alone, names))
    return found


def running_releases(state: Path = paths.STATE) -> dict[str, set[str]]:
    """Return which releases each environment of this bastion runs: the last that ended well, and those begun since."""
    found = {}
    for path in sorted(state.glob(LEDGERS)):
        ledger = Ledger(path)
        found[path.parent.name] = {release.partition("+")[0] for release in ledger.releases_begun()}
        ledger.close()
    return found


def remove(  # noqa: PLR0913  places, which only tests give
    version: str,
    *,
    force: bool = False,
    store: Path = STORE,
    mirror: Path = MIRROR,
    key_home: Path = KEY_HOME,
    state: Path = paths.STATE,
    unpacked: UnpackedPrograms = UNPACKED,
) -> Removal:
    """Remove a release and what no other one uses. Stopped at any moment, the next run goes on.

    Args:
        version: the release.
        force: remove it though an environment runs it.
        store: the bastion's store.
        mirror: what is served from it.
        key_home: the key that signs the mirror's package lists.
        state: where the environments' ledgers are.
        unpacked: where releases have unpacked programs.
    """
    with store_lock(store):
        folder, removed = store / RELEASES / version, store / REMOVED / version
        if not folder.is_dir() and not removed.is_dir():
            known = ", ".join(path.name for path in _folders(store / RELEASES)) or "none"
            raise InputError(f"release {version}", f"is not in this bastion's store (there: {known})", "check its name")
        if folder.is_dir():
            _refuse_used(version, running_releases(state), force=force)
            _check_readable(_folders(store / RELEASES), folder)
            shutil.rmtree(removed, ignore_errors=True)
            removed.parent.mkdir(exist_ok=True)
            folder.rename(removed)
        return _finish(store, mirror, key_home, unpacked)


def _refuse_used(version: str, users: dict[str, set[str]], *, force: bool) -> None:
    names = sorted(name for name, releases in users.items() if version in releases)
    if names and not force:
        fact = f"is what environment {', '.join(names)} runs"
        raise InputError(f"release {version}", fact, "upgrade it first, or --force if the environment is no more")


def _check_readable(folders: Iterable[Path], leaving: Path) -> None:
    """Raise unless it is known what every release needs: only then is it known what none needs."""
    for folder in folders:
        _blobs(folder)
        if folder != leaving:
            unpacked_by(folder)


def _finish(store: Path, mirror: Path, key_home: Path, unpacked: UnpackedPrograms) -> Removal:
    """Free what only releases use whose removal began: the mirror's links first, as they keep blobs on the disk."""
    gone = _folders(store / REMOVED)
    needed = {sha for folder in _folders(store / RELEASES) for sha in _blobs(folder)}
    links = ensure_mirror_locked(store, mirror, key_home) if mirror.is_dir() else 0
    folders = unpacked.remove_unused(_folders(store / RELEASES), gone)
    blobs, size = 0, 0
    for folder in gone:
        if (folder / bundle_layout.MANIFEST).is_file():  # it goes first of the folder, once all that it lists is gone
            for sha in _blobs(folder).keys() - needed:
                blob = store / bundle_layout.blob_path(sha)
                if blob.is_file():
                    size += blob.stat().st_size
                    blob.unlink()
                    blobs += 1
            (folder / bundle_layout.MANIFEST).unlink()
        shutil.rmtree(folder)
    return Removal(blobs, size, links, folders)


def _folders(parent: Path) -> list[Path]:
    """Return the folders of releases, by version."""
    return sorted(path for path in parent.glob("*") if path.is_dir())


def _blobs(folder: Path) -> dict[str, int]:
    """Return the blobs that a release's manifest lists, with their sizes."""
    try:
        manifest = BundleManifest.model_validate_json((folder / bundle_layout.MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        step = "carry its bundle in and run its install again, then remove"
        raise BedplateError(f"release {folder.name}", "in the store has no manifest that can be read", step) from error
    return {file.sha256: file.size for file in manifest.files if file.path.startswith(f"{bundle_layout.BLOBS}/")}
