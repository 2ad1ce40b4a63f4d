"""One blob into one repository: there already, mounted from another one, or sent.

https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#push
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.registry.authenticator import Scopes
from bedplate.registry.client import BUSY, Client, ConnectionLostError
from bedplate.registry.request_body import FilePart
from bedplate.registry.response import Response

RANGE = re.compile(r"(?:bytes=)?0-(\d+)")
GONE = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
"""Answers to an upload that was interrupted, after which only a new one helps."""


class BlobOutcome(Enum):
    """How a blob came into a repository."""

    PRESENT = "present"
    MOUNTED = "mounted"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class LocalBlob:
    """A blob of the store: digest, file and size."""

    sha256: str
    path: Path
    size: int


def push_scopes(repository: str, *mounted: str) -> Scopes:
    """Return what a token must allow: pushing to a repository, and mounting from others."""
    return (f"repository:{repository}:pull,push", *(f"repository:{one}:pull" for one in mounted))


def has_blob(client: Client, repository: str, blob: LocalBlob) -> bool:
    """Return whether a repository has a blob."""
    path = f"/v2/{repository}/blobs/sha256:{blob.sha256}"
    return client.request("HEAD", path, push_scopes(repository), ok=(200, 404)).status == HTTPStatus.OK


def ensure_blob(
    client: Client, repositories: Sequence[str], blob: LocalBlob, sent: Callable[[int], None]
) -> dict[str, BlobOutcome]:
    """Have a blob in every repository that needs it; it is sent at most once, and mounted to the others."""
    came = {one: BlobOutcome.PRESENT for one in repositories if has_blob(client, one, blob)}
    for repository in repositories:
        if repository not in came:
            source = next(iter(came), None)
            came[repository] = _bring(client, repository, source, blob, sent)
    return came


def _bring(
    client: Client, repository: str, source: str | None, blob: LocalBlob, sent: Callable[[int], None]
) -> BlobOutcome:
    location = ""
    if source:
        query = urlencode({"mount": f"sha256:{blob.sha256}", "from": source})
        path = f"/v2/{repository}/blobs/uploads/?{query}"
        answer = client.request("POST", path, push_scopes(repository, source), ok=(201, 202))
        if answer.status == HTTPStatus.CREATED:
            return BlobOutcome.MOUNTED
        location = client.local_path(answer.headers["Location"], path)
    _Upload(client, repository, blob, sent).run(location)
    return BlobOutcome.SENT


@dataclass(slots=True)
class _Upload:
    """The sending of one blob: in one request, gone on with where it broke off, begun again where it cannot be."""

    client: Client
    repository: str
    blob: LocalBlob
    sent: Callable[[int], None]

    def run(self, location: str) -> None:
        """Send it; a location is that of an upload which was begun already."""
        start, last = 0, ""
        for attempt in range(self.client.backoff.attempts):
            location = location or self._begin()
            try:
                answer = self._put(location, start)
            except ConnectionLostError as error:
                last, asked = str(error), error.retry_after
            else:
                if answer.status == HTTPStatus.CREATED:
                    return
                last, asked = self._judge(answer), answer.headers.get("Retry-After", "")
            if attempt + 1 < self.client.backoff.attempts:
                time.sleep(self.client.backoff.seconds(attempt, asked))
                location, start = self._where(location)
        raise self.client.exhausted(f"/v2/{self.repository}/blobs/sha256:{self.blob.sha256}", last)

    def _begin(self) -> str:
        path = f"/v2/{self.repository}/blobs/uploads/"
        answer = self.client.request("POST", path, push_scopes(self.repository), ok=(202,))
        return self.client.local_path(answer.headers["Location"], path)

    def _put(self, location: str, start: int) -> Response:
        """Send the blob from an offset on; only a second request of an upload needs to say its range."""
        part = FilePart(self.blob.path, start, self.blob.size, self.sent)
        headers = {"Content-Type": "application/octet-stream"}
        if start:
            headers["Content-Range"] = f"{start}-{self.blob.size - 1}"
        path = f"{location}{'&' if '?' in location else '?'}{urlencode({'digest': f'sha256:{self.blob.sha256}'})}"
        return self.client.once("PUT", path, push_scopes(self.repository), headers=headers, body=part)

    def _where(self, location: str) -> tuple[str, int]:
        """Return where an interrupted upload goes on; ('', 0) where it has to begin again."""
        try:
            answer = self.client.once("GET", location, push_scopes(self.repository))
        except ConnectionLostError:
            return "", 0
        arrived = RANGE.fullmatch(answer.headers.get("Range", ""))
        if answer.status != HTTPStatus.NO_CONTENT or not arrived or not 0 < int(arrived[1]) < self.blob.size - 1:
            return "", 0
        place = answer.headers.get("Location", "")
        return self.client.local_path(place, location) if place else location, int(arrived[1]) + 1

    def _judge(self, answer: Response) -> str:
        """Return what is said of an answer that may be another one next time; raise where it will not."""
        path = f"/v2/{self.repository}/blobs/sha256:{self.blob.sha256}"
        error = answer.error(self.client.subject(path))
        if answer.code == "DIGEST_INVALID" and digest.of_file(self.blob.path) != self.blob.sha256:
            step = "check the disk, and copy the bundle from its source again"
            raise BedplateError(f"file {self.blob.path}", "does not match its digest", step)
        if answer.status in BUSY or answer.status in GONE:
            return error.fact
        raise error
