"""Uploading a blob to a repository: it is there already, mounted from another repository, or sent.

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

from bedplate.core import digest, oci
from bedplate.core.errors import BedplateError
from bedplate.registry.authenticator import Scopes
from bedplate.registry.client import BUSY_STATUSES, ConnectionLostError, RegistryClient
from bedplate.registry.request_body import FilePart
from bedplate.registry.response import Response

RANGE = re.compile(r"(?:bytes=)?0-(\d+)")
LOST_UPLOAD_STATUSES = (HTTPStatus.NOT_FOUND, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
"""Statuses of an interrupted upload, after which only a new upload helps."""


class BlobOutcome(Enum):
    """How a blob got into a repository."""

    PRESENT = "present"
    MOUNTED = "mounted"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class LocalBlob:
    """A blob to upload: digest, file and size."""

    sha256: str
    path: Path
    size: int


def push_scopes(repository: str, *mounted: str) -> Scopes:
    """Return the scopes of a token for pushing to a repository and mounting from others."""
    return (f"repository:{repository}:pull,push", *(f"repository:{other}:pull" for other in mounted))


def has_blob(client: RegistryClient, repository: str, blob: LocalBlob) -> bool:
    """Return whether a repository has a blob."""
    path = f"/v2/{repository}/blobs/{oci.digest(blob.sha256)}"
    return client.request("HEAD", path, push_scopes(repository), ok=(200, 404)).status == HTTPStatus.OK


def ensure_blob(
    client: RegistryClient, repositories: Sequence[str], blob: LocalBlob, sent: Callable[[int], None]
) -> dict[str, BlobOutcome]:
    """Upload a blob to every repository that lacks it; it is sent at most once, and mounted in the others."""
    outcomes = {name: BlobOutcome.PRESENT for name in repositories if has_blob(client, name, blob)}
    for repository in repositories:
        if repository not in outcomes:
            source = next(iter(outcomes), None)
            outcomes[repository] = _mount_or_send(client, repository, source, blob, sent)
    return outcomes


def _mount_or_send(
    client: RegistryClient, repository: str, source: str | None, blob: LocalBlob, sent: Callable[[int], None]
) -> BlobOutcome:
    location = ""
    if source:
        query = urlencode({"mount": oci.digest(blob.sha256), "from": source})
        path = f"/v2/{repository}/blobs/uploads/?{query}"
        response = client.request("POST", path, push_scopes(repository, source), ok=(201, 202))
        if response.status == HTTPStatus.CREATED:
            return BlobOutcome.MOUNTED
        location = client.local_path(response.headers["Location"], path)
    _Upload(client, repository, blob, sent).run(location)
    return BlobOutcome.SENT


@dataclass(slots=True)
class _Upload:
    """Sends one blob in one request; resumes where it broke off, or starts again if that is not possible."""

    client: RegistryClient
    repository: str
    blob: LocalBlob
    sent: Callable[[int], None]

    def run(self, location: str) -> None:
        """Send the blob; a location is that of an upload that was already started."""
        start, last = 0, ""
        for attempt in range(self.client.backoff.attempts):
            location = location or self._begin()
            try:
                response = self._put(location, start)
            except ConnectionLostError as error:
                last, retry_after = str(error), error.retry_after
            else:
                if response.status == HTTPStatus.CREATED:
                    return
                last, retry_after = self._judge(response), response.headers.get("Retry-After", "")
            if attempt + 1 < self.client.backoff.attempts:
                time.sleep(self.client.backoff.seconds(attempt, retry_after))
                location, start = self._resume_point(location)
        raise self.client.exhausted(f"/v2/{self.repository}/blobs/{oci.digest(self.blob.sha256)}", last)

    def _begin(self) -> str:
        path = f"/v2/{self.repository}/blobs/uploads/"
        response = self.client.request("POST", path, push_scopes(self.repository), ok=(202,))
        return self.client.local_path(response.headers["Location"], path)

    def _put(self, location: str, start: int) -> Response:
        """Send the blob from an offset on; only a second request of an upload needs a range."""
        part = FilePart(self.blob.path, start, self.blob.size, self.sent)
        headers = {"Content-Type": "application/octet-stream"}
        if start:
            headers["Content-Range"] = f"{start}-{self.blob.size - 1}"
        path = f"{location}{'&' if '?' in location else '?'}{urlencode({'digest': oci.digest(self.blob.sha256)})}"
        return self.client.once("PUT", path, push_scopes(self.repository), headers=headers, body=part)

    def _resume_point(self, location: str) -> tuple[str, int]:
        """Return location and offset at which an interrupted upload resumes; ('', 0) if it must start again."""
        try:
            response = self.client.once("GET", location, push_scopes(self.repository))
        except ConnectionLostError:
            return "", 0
        arrived = RANGE.fullmatch(response.headers.get("Range", ""))
        if response.status != HTTPStatus.NO_CONTENT or not arrived or not 0 < int(arrived[1]) < self.blob.size - 1:
            return "", 0
        moved = response.headers.get("Location", "")
        return self.client.local_path(moved, location) if moved else location, int(arrived[1]) + 1

    def _judge(self, response: Response) -> str:
        """Return the error of a response if another try can succeed; raise it if not."""
        path = f"/v2/{self.repository}/blobs/{oci.digest(self.blob.sha256)}"
        error = response.error(self.client.subject(path))
        if response.code == "DIGEST_INVALID" and digest.of_file(self.blob.path) != self.blob.sha256:
            step = "check the disk, and copy the bundle from its source again"
            raise BedplateError(f"file {self.blob.path}", "does not match its digest", step)
        if response.status in BUSY_STATUSES or response.status in LOST_UPLOAD_STATUSES:
            return error.fact
        raise error
