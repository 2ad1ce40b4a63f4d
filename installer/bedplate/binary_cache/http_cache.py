"""A web server as a binary cache: any static server with blobs below a URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import httpx

from bedplate.binary_cache import cache_index
from bedplate.binary_cache.protocol import AbsentError, BlobStream, BrokenError
from bedplate.config import bundle_layout

TIMEOUT = 20.0
ABSENT = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


class HttpCache:
    """A web server with blobs."""

    def __init__(self, url: str) -> None:
        """Use the URL that `blobs/sha256/` follows; proxies and CA certificates are those of the environment."""
        self._url = url.rstrip("/")
        self._client = new_client()

    @property
    def name(self) -> str:
        """Return the URL without user and password."""
        parts = urlsplit(self._url)
        return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()

    @contextmanager
    def blob(self, sha256: str, start: int) -> Iterator[BlobStream]:
        """Get a blob from an offset on."""
        with stream(self._client, f"{self._url}/{bundle_layout.blob_path(sha256)}", start) as opened:
            yield opened

    def index(self) -> tuple[bytes, bytes] | None:
        """Get the index and its signature."""
        return cache_index.read_files(lambda name: stream(self._client, f"{self._url}/{name}", 0))


def new_client() -> httpx.Client:
    """Return a client that follows redirects, which registries use if they keep blobs in an object store."""
    return httpx.Client(timeout=TIMEOUT, follow_redirects=True, headers={"Accept-Encoding": "identity"})


@contextmanager
def stream(
    client: httpx.Client, url: str, start: int, headers: Mapping[str, str] | None = None
) -> Iterator[BlobStream]:
    """Get a URL from an offset on; a server without support for ranges gives all of it."""
    ranged = {"Range": f"bytes={start}-"} if start else {}
    try:
        with client.stream("GET", url, headers={**(headers or {}), **ranged}) as response:
            if response.status_code in ABSENT:
                raise AbsentError
            partial = response.status_code == HTTPStatus.PARTIAL_CONTENT
            if partial and not response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                raise BrokenError("the server answers with another range than was requested")
            if not partial and response.status_code != HTTPStatus.OK:
                raise BrokenError(f"the server answers {response.status_code}")
            yield BlobStream(start if partial else 0, response.iter_raw())
    except httpx.HTTPError as error:
        raise BrokenError(f"{type(error).__name__} {error}".rstrip()) from error
