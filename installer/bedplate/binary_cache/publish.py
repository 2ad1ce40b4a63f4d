"""Publishing a binary cache: a release's artifacts by digest and a signed index, to a folder or a registry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bedplate.artifacts import release_contents
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import source_kinds
from bedplate.binary_cache import cache_index
from bedplate.binary_cache.cache_index import CacheIndex, IndexEntry
from bedplate.binary_cache.folder_cache import FolderCache
from bedplate.binary_cache.protocol import BrokenError
from bedplate.config import bundle_layout
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Entry, Output
from bedplate.core import digest, oci
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.files import link_blob, write_atomic
from bedplate.registry.client import RegistryClient
from bedplate.registry.push import push_images
from bedplate.registry.pushable import PushableImages, PushableManifest
from bedplate.registry.upload import LocalBlob

JOBS = 8
NEXT = f".{cache_index.FILE}.next"
"""The complete new index, until its signature is in place."""
ARTIFACT_TYPE = "application/vnd.bedplate.cache.v1"
Find = Callable[[str], Path]


@dataclass(frozen=True, slots=True)
class CacheContents:
    """The content of a binary cache: blobs, and their index."""

    blobs: list[LocalBlob]
    index: CacheIndex

    @property
    def size(self) -> int:
        """Return the size of all blobs."""
        return sum(blob.size for blob in self.blobs)


def find_contents(catalog: Catalog, find: Find, recall: Callable[[str], Output | None]) -> CacheContents:
    """Return what can be published of a release.

    Args:
        catalog: the release.
        find: returns the path of a blob, whether it exists or not.
        recall: returns the output of a recipe, for entries without an output in the lock.

    Raises:
        BedplateError: an artifact is missing that is in every bundle.
    """
    lock = catalog.lock()
    needed = {entry.id for entry in release_contents.carried(catalog.components, lock.entries, lock.sets)}
    blobs: dict[str, LocalBlob] = {}
    recorded: dict[str, IndexEntry] = {}
    for entry in lock.entries:
        output = entry.output or recall(entry.recipe)
        parts = list(_blobs(entry, output, find)) if output else []
        if not output or not all(part.path.is_file() for part in parts):
            if entry.id in needed:
                raise BedplateError(
                    entry.id, "is not built, so it cannot be published", "run `bedplate bundle build` first"
                )
            continue
        blobs |= {part.sha256: part for part in parts}
        recorded[entry.recipe] = IndexEntry(id=entry.id, sha256=output.sha256, size=output.size)
    return CacheContents(list(blobs.values()), CacheIndex(entries=recorded))


def contents_of_cache(catalog: Catalog, cache: Cache) -> CacheContents:
    """Return what the local cache has of a release, including artifacts that only images are made of."""
    return find_contents(catalog, cache.blob, cache.recall)


def contents_of_bundle(catalog: Catalog, bundle: Path) -> CacheContents:
    """Return what a bundle has of its release."""
    return find_contents(catalog, lambda sha256: bundle / bundle_layout.blob_path(sha256), lambda _: None)


def _blobs(entry: Entry, output: Output, find: Find) -> Iterator[LocalBlob]:
    own = find(output.sha256)
    yield LocalBlob(output.sha256, own, output.size)
    if own.is_file():
        parts = source_kinds()[entry.kind].parts(own)
        yield from (LocalBlob(part.sha256, find(part.sha256), part.size) for part in parts)


def publish_to_folder(
    contents: CacheContents, folder: Path, key: Path, public: str, progress: Callable[[int], None]
) -> int:
    """Write a cache to a folder, next to what was published there before; return the number of files written.

    Blobs are hard links where possible. The index is written last, so every blob that it names is there.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / bundle_layout.BLOBS).is_dir():
        raise InputError(f"folder {folder}", "is neither empty nor a binary cache", "give another folder")
    whole = _published(folder, public).merged(contents.index)
    written = 0
    for blob in contents.blobs:
        written += _link(blob, folder / bundle_layout.blob_path(blob.sha256))
        progress(blob.size)
    content, signature = whole.signed(key)
    write_atomic(folder / NEXT, content)
    write_atomic(folder / cache_index.SIGNATURE, signature)
    (folder / NEXT).replace(folder / cache_index.FILE)
    return written


def _finish(folder: Path, public: str) -> None:
    """Do the last rename of a run that was killed after it had written the new index's signature."""
    following, signature = folder / NEXT, folder / cache_index.SIGNATURE
    if following.is_file() and signature.is_file():
        with suppress(BedplateError):
            cache_index.verified_index((following.read_bytes(), signature.read_bytes()), public, str(folder))
            following.replace(folder / cache_index.FILE)


def _published(folder: Path, public: str) -> CacheIndex:
    """Return the index that was published in a folder before."""
    _finish(folder, public)
    try:
        signed = FolderCache(folder).index()
    except BrokenError as error:
        step = f"remove {cache_index.FILE} from it, and publish again"
        raise BedplateError(f"cache {folder}", f"has an index that cannot be read: {error}", step) from error
    return cache_index.verified_index(signed, public, str(folder)) if signed else CacheIndex(entries={})


def _link(blob: LocalBlob, target: Path) -> bool:
    if target.is_file() and target.stat().st_size == blob.size:
        return False
    if digest.of_file(blob.path) != blob.sha256:
        raise BedplateError(f"file {blob.path}", "does not match its digest", "remove it, and build again")
    link_blob(blob.path, target, blob.sha256)
    return True


def publish_to_registry(
    contents: CacheContents,
    where: tuple[RegistryClient, str, str],
    key: Path,
    cache: Cache,
    progress: Callable[[int], None],
) -> int:
    """Push a cache as one artifact with a layer for each blob; return the number of blobs that were sent."""
    client, repository, tag = where
    content, signature = contents.index.signed(key)
    signed = [(cache_index.FILE, cache.add_bytes(content)), (cache_index.SIGNATURE, cache.add_bytes(signature))]
    empty = cache.add_bytes(b"{}")
    titled = {output.sha256: name for name, output in signed}
    extra = [LocalBlob(output.sha256, cache.blob(output.sha256), output.size) for _, output in signed]
    blobs = [*contents.blobs, *extra]
    manifest = _manifest(blobs, titled, empty, repository)
    everything = [*blobs, LocalBlob(empty.sha256, cache.blob(empty.sha256), empty.size)]
    wanted = PushableImages([(blob, (repository,)) for blob in everything], [manifest], {(repository, tag): manifest})
    return push_images(client, wanted, jobs=JOBS, progress=progress).sent


def _manifest(blobs: Sequence[LocalBlob], titled: dict[str, str], empty: Output, repository: str) -> PushableManifest:
    layers: list[dict[str, Any]] = []
    for blob in sorted(blobs, key=lambda blob: blob.sha256):
        title = {oci.TITLE: titled[blob.sha256]} if blob.sha256 in titled else None
        layers.append(oci.descriptor(oci.FILE_TYPE, blob.sha256, blob.size, title))
    config = oci.descriptor(oci.EMPTY_TYPE, empty.sha256, empty.size)
    known = {"schemaVersion": 2, "mediaType": oci.MANIFEST_TYPE, "artifactType": ARTIFACT_TYPE}
    manifest = {**known, "config": config, "layers": layers}
    return PushableManifest(repository, digest.of(manifest), oci.MANIFEST_TYPE, digest.canonical(manifest))
