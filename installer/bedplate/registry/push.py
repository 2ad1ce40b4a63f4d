"""Pushing images to a registry: blobs, then manifests, then tags, so that no tag names anything missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from bedplate.core import oci
from bedplate.core.errors import BedplateError
from bedplate.registry.client import RegistryClient
from bedplate.registry.pushable import PushableImages, PushableManifest
from bedplate.registry.upload import BlobOutcome, LocalBlob, ensure_blob, push_scopes

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PushResult:
    """The result of a push; blobs are counted once for each repository.

    Attributes:
        sent: blobs that were sent.
        sent_bytes: their size.
        mounted: blobs that the registry mounted from another repository.
        present: blobs that were there already.
        tags: tags that were set, out of `all_tags`.
        untagged: manifests that were put without a tag, because an index names them.
    """

    sent: int
    sent_bytes: int
    mounted: int
    present: int
    tags: int
    all_tags: int
    untagged: int


def push_images(
    client: RegistryClient, images: PushableImages, *, jobs: int, progress: Callable[[int], None] = lambda _: None
) -> PushResult:
    """Push all images; after any failure, the next run sends only what is missing.

    Args:
        client: the registry.
        images: the images.
        jobs: number of connections.
        progress: called with numbers of bytes that were sent, or are there already.
    """
    guard = threading.Lock()

    def report_progress(count: int) -> None:
        with guard:
            progress(count)

    def push_blob(wanted: tuple[LocalBlob, tuple[str, ...]]) -> dict[str, BlobOutcome]:
        blob, repositories = wanted
        total = 0

        def sent(count: int) -> None:
            nonlocal total
            count = min(count, blob.size - total)  # bytes that are sent again after a break count once
            total += count
            report_progress(count)

        outcomes = ensure_blob(client, repositories, blob, sent)
        report_progress(blob.size - total)
        return outcomes

    outcomes = _each(jobs, push_blob, images.blobs)
    put = _untagged(client, images, jobs)
    tags = _each(jobs, lambda named: _ensure(client, named[1], named[0][1]), images.tags.items())
    return _result(images, outcomes, put, tags)


def _result(
    images: PushableImages, outcomes: list[dict[str, BlobOutcome]], put: list[bool], tags: list[bool]
) -> PushResult:
    by_blob = zip(images.blobs, outcomes, strict=True)
    pairs = [(outcome, blob) for (blob, _), of_blob in by_blob for outcome in of_blob.values()]
    counts = {known: sum(outcome is known for outcome, _ in pairs) for known in BlobOutcome}
    return PushResult(
        sent=counts[BlobOutcome.SENT],
        sent_bytes=sum(blob.size for outcome, blob in pairs if outcome is BlobOutcome.SENT),
        mounted=counts[BlobOutcome.MOUNTED],
        present=counts[BlobOutcome.PRESENT],
        tags=sum(tags),
        all_tags=len(tags),
        untagged=sum(put),
    )


def _untagged(client: RegistryClient, images: PushableImages, jobs: int) -> list[bool]:
    """Put the manifests that only indexes name; a tagged manifest is put together with its tag."""
    tagged = {id(manifest) for manifest in images.tags.values()}
    left = [manifest for manifest in images.manifests if id(manifest) not in tagged]
    indexes = [manifest for manifest in left if b'"manifests"' in manifest.content]
    plain = [manifest for manifest in left if manifest not in indexes]
    done = _each(jobs, lambda manifest: _ensure(client, manifest), plain)
    return [*done, *(_ensure(client, manifest) for manifest in indexes)]  # an index may name an earlier one


def _ensure(client: RegistryClient, manifest: PushableManifest, tag: str = "") -> bool:
    """Put a manifest under its digest or a tag, if it is not there; return whether it was put."""
    reference = tag or oci.digest(manifest.sha256)
    if _is_there(client, manifest, reference):
        return False
    _store(client, manifest, reference)
    return True


def _is_there(client: RegistryClient, manifest: PushableManifest, reference: str) -> bool:
    """Return whether the registry has this manifest under a tag or its digest."""
    path, accept = _path(manifest, reference), {"Accept": manifest.media_type}
    response = client.request("HEAD", path, push_scopes(manifest.repository), headers=accept, ok=(200, 404))
    named = response.headers.get("Docker-Content-Digest", "" if ":" not in reference else reference)
    return response.status == HTTPStatus.OK and named == oci.digest(manifest.sha256)


def _store(client: RegistryClient, manifest: PushableManifest, reference: str) -> None:
    path, kind = _path(manifest, reference), {"Content-Type": manifest.media_type}
    scopes = push_scopes(manifest.repository)
    response = client.request("PUT", path, scopes, headers=kind, body=manifest.content, ok=(201,))
    wanted = oci.digest(manifest.sha256)
    if (named := response.headers.get("Docker-Content-Digest", wanted)) != wanted:
        hint = "turn that off in the registry"
        raise BedplateError(client.subject(path), f"became {named}: the registry rewrites manifests", hint)


def _path(manifest: PushableManifest, reference: str) -> str:
    return f"/v2/{manifest.repository}/manifests/{reference}"


def _each(jobs: int, do: Callable[[A], T], items: Iterable[A]) -> list[T]:
    """Do everything in parallel, and return the results in order; after an error, nothing more is started."""
    with ThreadPoolExecutor(jobs) as pool:
        running: list[Future[T]] = [pool.submit(do, item) for item in items]
        try:
            for done in as_completed(running):
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [future.result() for future in running]
