"""The releases in a bastion's store: their sizes, the environments that run them, and how to remove one."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bedplate.apply.ledger import Ledger
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BundleManifest
from bedplate.config.environment_state import ledgers
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.paths import MIRROR, STORE
from bedplate.install.store_lock import store_lock
from bedplate.store.mirror_tree import KEY_HOME, ensure_mirror_locked
from bedplate.store.unpacked_programs import UnpackedPrograms, unpacked_by

RELEASES = "releases"
REMOVED = "removed"
"""Folder of the releases whose removal began: their blobs are deleted first, then their own folder."""
UNPACKED = UnpackedPrograms()


@dataclass(frozen=True, slots=True)
class StoredRelease:
    """One release in the store.

    Attributes:
        version: its version.
        size: bytes of its blobs.
        alone: bytes of blobs that no other release uses, which removing it frees.
        environments: names of the environments that run it, or have begun to.
    """

    version: str
    size: int
    alone: int
    environments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a release deleted.

    Attributes:
        blobs: number of blobs.
        size: bytes of these blobs.
        links: number of files in the mirror.
        folders: number of folders in /opt/bedplate, one per version of a program or of the installer.
    """

    blobs: int
    size: int
    links: int
    folders: int


def stored(store: Path = STORE, state: Path = paths.STATE) -> list[StoredRelease]:
    """Return the releases in a store, sorted by version."""
    users, blobs = running_releases(state), {path.name: _blobs(path) for path in _folders(store / RELEASES)}
    releases = []
    for version, own in blobs.items():
        others = {sha for other, shas in blobs.items() if other != version for sha in shas}
        alone = sum(size for sha, size in own.items() if sha not in others)
        names = tuple(sorted(name for name, running in users.items() if version in running))
        releases.append(StoredRelease(version, sum(own.values()), alone, names))
    return releases


def running_releases(state: Path = paths.STATE) -> dict[str, set[str]]:
    """Return, for each environment of this bastion, the releases of which its cluster or a host has something."""
    running = {}
    for name, path in sorted(ledgers(state).items()):
        with closing(Ledger(path)) as ledger:
            running[name] = {release.partition("+")[0] for release in ledger.releases_in_use()}
    return running


def remove(  # noqa: PLR0913  paths, which only tests pass
    version: str,
    *,
    force: bool = False,
    store: Path = STORE,
    mirror: Path = MIRROR,
    key_home: Path = KEY_HOME,
    state: Path = paths.STATE,
    unpacked: UnpackedPrograms = UNPACKED,
) -> Removal:
    """Remove a release, and all that no other release uses.

    If it is interrupted at any moment, the next run resumes.

    Args:
        version: the release.
        force: remove it even if an environment runs it.
        store: the bastion's store.
        mirror: the folder that the mirror serves.
        key_home: folder with the key that signs the mirror's package lists.
        state: folder with the environments' state, ledgers included.
        unpacked: where programs of releases are unpacked.

    Returns:
        What was deleted.

    Raises:
        InputError: the release is not in the store, or an environment runs it.
        BedplateError: it is unknown what another release needs.
    """
    with store_lock(store):
        folder, removed = store / RELEASES / version, store / REMOVED / version
        if not folder.is_dir() and not removed.is_dir():
            known = ", ".join(path.name for path in _folders(store / RELEASES)) or "no release"
            fact = f"is not in this bastion's store, which has {known}"
            raise InputError(f"release {version}", fact, "check the version")
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
        fact = f"is in use: environment {', '.join(names)} runs it"
        step = "upgrade the environment first; use --force if it no longer exists"
        raise InputError(f"release {version}", fact, step)


def _check_readable(folders: Iterable[Path], leaving: Path) -> None:
    """Raise an error where it is unknown what a release needs: only what no release needs may be deleted."""
    for folder in folders:
        _blobs(folder)
        if folder != leaving:
            unpacked_by(folder)


def _finish(store: Path, mirror: Path, key_home: Path, unpacked: UnpackedPrograms) -> Removal:
    """Delete what only releases being removed use; the mirror's links first, as they keep blobs on the disk."""
    leaving = _folders(store / REMOVED)
    needed = {sha for folder in _folders(store / RELEASES) for sha in _blobs(folder)}
    links = ensure_mirror_locked(store, mirror, key_home) if mirror.is_dir() else 0
    folders = unpacked.remove_unused(_folders(store / RELEASES), leaving)
    blobs, size = 0, 0
    for folder in leaving:
        # The manifest is deleted once everything that it lists is deleted.
        if (folder / bundle_layout.MANIFEST).is_file():
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
    """Return the folders of releases, sorted by version."""
    return sorted(path for path in parent.glob("*") if path.is_dir())


def _blobs(folder: Path) -> dict[str, int]:
    """Return the blobs that a release's manifest lists, with their sizes."""
    try:
        manifest = BundleManifest.model_validate_json((folder / bundle_layout.MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        step = "run the install of its bundle again, then remove the release"
        raise BedplateError(f"release {folder.name}", "has no readable manifest in the store", step) from error
    return {file.sha256: file.size for file in manifest.files if file.path.startswith(f"{bundle_layout.BLOBS}/")}
