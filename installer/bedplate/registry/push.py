"""Pushing a holding into a registry: blobs, then manifests, then tags, so that no tag names what is not there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

from bedplate.core.errors import BedplateError
from bedplate.registry.client import Client
from bedplate.registry.pushable import PushableImages, PushableManifest
from bedplate.registry.upload import BlobOutcome, LocalBlob, ensure_blob, push_scopes

A = TypeVar("A")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PushResult:
    """What a push did; blobs are counted once per repository.

    Attributes:
        sent: blobs that were sent.
        sent_bytes: their size.
        mounted: blobs that the registry took over from another of its repositories.
        present: blobs that were there.
        tags: tags that were set with their manifests, out of `all_tags`.
        untagged: manifests that were put without a tag, because an index names them.
    """

    sent: int
    sent_bytes: int
    mounted: int
    present: int
    tags: int
    all_tags: int
    untagged: int


def push(
    client: Client, holding: PushableImages, *, jobs: int, progress: Callable[[int], None] = lambda _: None
) -> PushResult:
    """Bring a registry to hold everything; run again after any failure, it sends only what is lacking.

    Args:
        client: the registry.
        holding: what it has to hold.
        jobs: number of connections.
        progress: called with numbers of bytes that are done with, whether they were sent or are there.
    """
    guard = threading.Lock()

    def told(count: int) -> None:
        with guard:
            progress(count)

    def bring(wanted: tuple[LocalBlob, tuple[str, ...]]) -> dict[str, BlobOutcome]:
        blob, repositories = wanted
        out = 0

        def sent(count: int) -> None:
            nonlocal out
            count = min(count, blob.size - out)  # what is sent again after a cut counts once
            out += count
            told(count)

        came = ensure_blob(client, repositories, blob, sent)
        told(blob.size - out)
        return came

    came = _each(jobs, bring, holding.blobs)
    put = _untagged(client, holding, jobs)
    tags = _each(jobs, lambda named: _ensure(client, named[1], named[0][1]), holding.tags.items())
    return _pushed(holding, came, put, tags)


def _pushed(
    holding: PushableImages, came: list[dict[str, BlobOutcome]], put: list[bool], tags: list[bool]
) -> PushResult:
    ways = [(way, blob) for (blob, _), one in zip(holding.blobs, came, strict=True) for way in one.values()]
    counts = {way: sum(one is way for one, _ in ways) for way in BlobOutcome}
    return PushResult(
        sent=counts[BlobOutcome.SENT],
        sent_bytes=sum(blob.size for way, blob in ways if way is BlobOutcome.SENT),
        mounted=counts[BlobOutcome.MOUNTED],
        present=counts[BlobOutcome.PRESENT],
        tags=sum(tags),
        all_tags=len(tags),
        untagged=sum(put),
    )


def _untagged(client: Client, holding: PushableImages, jobs: int) -> list[bool]:
    """Put the manifests that only indices name; one that has a tag comes with it, by one request."""
    tagged = {id(manifest) for manifest in holding.tags.values()}
    left = [manifest for manifest in holding.manifests if id(manifest) not in tagged]
    indices = [manifest for manifest in left if b'"manifests"' in manifest.content]
    plain = [manifest for manifest in left if manifest not in indices]
    done = _each(jobs, lambda manifest: _ensure(client, manifest), plain)
    return [*done, *(_ensure(client, manifest) for manifest in indices)]  # an index may name another one before it


def _ensure(client: Client, manifest: PushableManifest, tag: str = "") -> bool:
    """Have a manifest under its digest, or under a tag; return whether it had to be put."""
    reference = tag or f"sha256:{manifest.sha256}"
    if _there(client, manifest, reference):
        return False
    _store(client, manifest, reference)
    return True


def _there(client: Client, manifest: PushableManifest, reference: str) -> bool:
    """Return whether the registry has this very manifest under a tag or its digest."""
    path, accept = _path(manifest, reference), {"Accept": manifest.media_type}
    answer = client.request("HEAD", path, push_scopes(manifest.repository), headers=accept, ok=(200, 404))
    named = answer.headers.get("Docker-Content-Digest", "" if ":" not in reference else reference)
    return answer.status == HTTPStatus.OK and named == f"sha256:{manifest.sha256}"


def _store(client: Client, manifest: PushableManifest, reference: str) -> None:
    path, kind = _path(manifest, reference), {"Content-Type": manifest.media_type}
    scopes = push_scopes(manifest.repository)
    answer = client.request("PUT", path, scopes, headers=kind, body=manifest.content, ok=(201,))
    named = answer.headers.get("Docker-Content-Digest", f"sha256:{manifest.sha256}")
    if named != f"sha256:{manifest.sha256}":
        raise BedplateError(client.subject(path), f"became {named}: the registry rewrites manifests", "turn that off")


def _path(manifest: PushableManifest, reference: str) -> str:
    return f"/v2/{manifest.repository}/manifests/{reference}"


def _each(jobs: int, do: Callable[[A], T], items: Iterable[A]) -> list[T]:
    """Do everything side by side and return the results in order; after the first error nothing more is begun."""
    with ThreadPoolExecutor(jobs) as pool:
        running: list[Future[T]] = [pool.submit(do, item) for item in items]
        try:
            for done in as_completed(running):
                done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        return [one.result() for one in running]
