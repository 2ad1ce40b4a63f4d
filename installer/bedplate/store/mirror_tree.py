"""The mirror tree that the bastion serves: hard links into its store, without a second copy of any blob.

registry/   tree of the distribution registry (served read-only)
apt/        package repository, signed by the bastion's key (public half: bedplate.asc); the distribution names it
wheels/     simple index
files/      every other artifact by its file name
replica/    content of a replica of the registry (roles/mirror/files/replicate.py reads it)
"""

from __future__ import annotations

from pathlib import Path

from bedplate.artifacts.kinds import source_kinds
from bedplate.bundle.verify_bundle import read_release
from bedplate.config import bundle_layout
from bedplate.core import digest, paths
from bedplate.core.errors import BedplateError
from bedplate.core.file_tree import BlobLink, TreeFile, check_tree, ensure_tree
from bedplate.core.paths import MIRROR, STORE
from bedplate.distributions import repository_key
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import distribution_of_suite
from bedplate.install.manifest import listed_file, parse_manifest
from bedplate.install.refused import RefusedError
from bedplate.install.store_lock import store_lock
from bedplate.store.registry_tree import registry_tree
from bedplate.store.wheel_index import wheel_tree

KEY_HOME = paths.STATE / "apt-key"
KEY = "bedplate.asc"


def store_releases(store: Path = STORE) -> list[bundle_layout.ReleaseFile]:
    """Return the releases in a store, oldest first; raise BedplateError if one differs from its signed manifest."""
    files = (_checked_release(path.parent) for path in (store / "releases").glob(f"*/{bundle_layout.RELEASE}"))
    return sorted(files, key=lambda release: (release.epoch, release.release))


def _checked_release(folder: Path) -> bundle_layout.ReleaseFile:
    """Return release.json, compared with the manifest next to it, whose signature the installer verified."""
    subject, step = (
        f"release {folder.name} in {folder.parent.parent}",
        "copy its bundle here and run its installer again",
    )
    try:
        file = listed_file(parse_manifest((folder / bundle_layout.MANIFEST).read_bytes()), bundle_layout.RELEASE)
    except (OSError, RefusedError) as error:
        raise BedplateError(subject, f"has no readable {bundle_layout.MANIFEST}", step) from error
    if digest.of_file(folder / bundle_layout.RELEASE) != file.sha256:
        raise BedplateError(subject, f"has a {bundle_layout.RELEASE} that differs from what was signed", step)
    return read_release(folder)


def mirror_tree(store: Path) -> dict[str, TreeFile]:
    """Return the mirror tree without the files that the bastion's key signs."""
    blobs, releases = store / bundle_layout.BLOBS, store_releases(store)
    distribution = _distribution(releases)
    registry = registry_tree(releases, blobs)
    parts: dict[str, dict[str, TreeFile]] = {
        "registry": registry,
        "replica": {"registry.json": _listing(registry)},
        distribution.repository: distribution.repository_tree(releases, blobs),
        "wheels": wheel_tree(releases),
        "files": _files(releases),
    }
    return {f"{part}/{path}": node for part, tree in parts.items() for path, node in tree.items()}


def _listing(registry: dict[str, TreeFile]) -> bytes:
    """Return the registry's tree as JSON: the digests of blobs, and the content of small files."""
    blobs = {path: node.sha256 for path, node in registry.items() if isinstance(node, BlobLink)}
    links = {path: node.decode("ascii") for path, node in registry.items() if isinstance(node, bytes)}
    return digest.canonical({"blobs": blobs, "links": links}) + b"\n"


def _files(releases: list[bundle_layout.ReleaseFile]) -> dict[str, TreeFile]:
    served = [a for release in releases for a in release.artifacts if source_kinds()[a.kind].is_served_as_file]
    return {artifact.file: BlobLink(artifact.sha256) for artifact in served}


def ensure_mirror(store: Path = STORE, mirror: Path = MIRROR, key_home: Path = KEY_HOME) -> int:
    """Make the mirror match the store, under the store lock; return the number of files changed."""
    with store_lock(store):
        return ensure_mirror_locked(store, mirror, key_home)


def ensure_mirror_locked(store: Path, mirror: Path, key_home: Path) -> int:
    """Make the mirror match the store, for a caller that holds the store lock."""
    tree, distribution = mirror_tree(store), _distribution(store_releases(store))
    tree[_in_repository(distribution, KEY)] = repository_key.ensure_key(key_home, "Bedplate mirror").encode()
    index = tree.get(_in_repository(distribution, distribution.index))
    signature = _in_repository(distribution, distribution.signature)
    if isinstance(index, bytes):
        is_kept = distribution.is_signed(key_home, index, mirror / signature)
        tree[signature] = (mirror / signature).read_bytes() if is_kept else distribution.sign(key_home, index)
    mirror.mkdir(parents=True, exist_ok=True)
    return ensure_tree(mirror, tree, store / bundle_layout.BLOBS)


def check_mirror(store: Path = STORE, mirror: Path = MIRROR) -> list[str]:
    """Return the paths of the mirror that do not match the store; the signed files only have to exist."""
    distribution = _distribution(store_releases(store))
    signed = [_in_repository(distribution, name) for name in (KEY, distribution.signature)]
    present = {path: (mirror / path).read_bytes() if (mirror / path).is_file() else b"" for path in signed}
    return check_tree(mirror, {**mirror_tree(store), **present}, store / bundle_layout.BLOBS)


def public_key(store: Path = STORE, mirror: Path = MIRROR) -> Path:
    """Return the public half of the key that signs the mirror's package repository."""
    return mirror / _in_repository(_distribution(store_releases(store)), KEY)


def _distribution(releases: list[bundle_layout.ReleaseFile]) -> Distribution:
    """Return the hosts' distribution: the newest release's."""
    return distribution_of_suite(releases[-1].suite if releases else "")


def _in_repository(distribution: Distribution, path: str) -> str:
    return f"{distribution.repository}/{path}"
