"""A client of the OCI distribution protocol: a connection for each thread, authentication, and retries.

https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md. It uses http.client, so that the kernel can
send bodies from files (sendfile), which general clients cannot do.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from bedplate.core.errors import BedplateError, InputError
from bedplate.registry.authenticator import Authenticator, Scopes
from bedplate.registry.backoff import Backoff
from bedplate.registry.credentials import Credentials
from bedplate.registry.registry_address import RegistryAddress
from bedplate.registry.request_body import FilePart
from bedplate.registry.response import Response

TIMEOUT = 60
BUSY_STATUSES = (429, 500, 502, 503, 504)
"""Statuses after which the same request may succeed."""
UNAUTHORIZED = 401
LARGEST = 16 << 20
"""Largest manifest, list or error in bytes; the specification demands 4 MiB for a manifest."""
Body = bytes | FilePart


class ConnectionLostError(Exception):
    """A connection broke, or the registry is too busy to accept a body now."""

    def __init__(self, fact: str, retry_after: str = "") -> None:
        """Keep what happened, and how long the registry asks to wait."""
        super().__init__(fact)
        self.retry_after = retry_after


class RegistryClient:
    """A client of one registry; any number of threads may use it."""

    def __init__(
        self,
        address: RegistryAddress,
        credentials: Credentials | None = None,
        *,
        ca: Path | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Open no connection yet.

        Args:
            address: the registry.
            credentials: the user; None for anonymous requests.
            ca: CA certificates (PEM) to verify the registry's certificate with, instead of this machine's own.
            backoff: number of attempts, and waits between them.
        """
        self.address, self.backoff = address, backoff or Backoff()
        self._auth = Authenticator(address, credentials, self._send_to_service)
        self._tls = _tls(ca)
        self._local = threading.local()

    def request(  # noqa: PLR0913  each is one part of a request
        self,
        method: str,
        path: str,
        scopes: Scopes,
        *,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        ok: Collection[int] = (200,),
    ) -> Response:
        """Send a request until it is answered, and return the response; BedplateError if its status is not in `ok`."""
        for attempt in range(self.backoff.attempts):
            try:
                response = self.once(method, path, scopes, headers=headers, body=body)
            except ConnectionLostError as error:
                last, retry_after = str(error), error.retry_after
            else:
                if response.status in ok:
                    return response
                error_of_response = response.error(self.subject(path))
                if response.status not in BUSY_STATUSES:
                    raise error_of_response
                last, retry_after = error_of_response.fact, response.headers.get("Retry-After", "")
            if attempt + 1 < self.backoff.attempts:
                time.sleep(self.backoff.seconds(attempt, retry_after))
        raise self.exhausted(path, last)

    def once(
        self, method: str, path: str, scopes: Scopes, *, headers: dict[str, str] | None = None, body: Body = b""
    ) -> Response:
        """Send a request once, and again if it must be authenticated; ConnectionLostError if no response comes."""
        for _ in range(3):
            authorization = self._auth.header(scopes)
            known = {"Authorization": authorization} if authorization else {}
            response = self._exchange(method, path, {**(headers or {}), **known}, body)
            if response.status != UNAUTHORIZED:
                return response
            if not self._auth.refused(response.headers.get("WWW-Authenticate", ""), authorization, scopes):
                break
        step = "check the user and the password"
        raise BedplateError(f"registry {self.address}", f"does not accept these credentials ({response.detail})", step)

    def authorization(self, scopes: Scopes) -> str:
        """Return the Authorization header for a request by another client; empty if none is demanded."""
        return self._auth.header(scopes)

    def local_path(self, location: str, requested: str) -> str:
        """Return the path and query of a response's Location, which must be in this registry."""
        target = urlsplit(urljoin(f"{self.address.url}{requested}", location))
        if target.hostname != self.address.host:
            fact = f"sends uploads elsewhere, to {target.netloc}"
            raise BedplateError(f"registry {self.address}", fact, "fix its external URL, or push to that name")
        return target.path + (f"?{target.query}" if target.query else "")

    def subject(self, path: str) -> str:
        """Return the subject of an error about a request, without the query, which may have an upload's token."""
        return f"{self.address}{path.partition('?')[0].removeprefix('/v2')}"

    def exhausted(self, path: str, last: str) -> BedplateError:
        """Return the error of a request that failed at every attempt."""
        fact = f"{last}; tried {self.backoff.attempts} times"
        return BedplateError(
            self.subject(path), fact, "run the same command again: blobs that are there are not sent again"
        )

    def _exchange(self, method: str, path: str, headers: dict[str, str], body: Body) -> Response:
        connection = self._connection()
        try:
            response = self._send(connection, method, path, headers, body)
            answer = Response(response.status, response.headers, _read_body(response))
            if response.will_close:
                connection.close()
        except ssl.SSLCertVerificationError as error:
            connection.close()
            fact = f"has a certificate that is not trusted: {error.verify_message}"
            raise BedplateError(f"registry {self.address}", fact, "give its CA certificate: --ca FILE") from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectionLostError(
                f"could not be reached, or the connection broke ({type(error).__name__}: {error})"
            ) from error
        return answer

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, headers: dict[str, str], body: Body
    ) -> http.client.HTTPResponse:
        if connection.sock is None:
            connection.connect()
        length = body.length if isinstance(body, FilePart) else len(body)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in {"User-Agent": "bedplate", **headers, "Content-Length": str(length)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        try:
            if isinstance(body, FilePart):
                body.send(connection.sock)
            elif body:
                connection.send(body)
        except OSError:
            # a server may respond before it has read everything, with 413 for example, and close the connection
            return connection.getresponse()
        return connection.getresponse()

    def _connection(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self.address, self._tls)
        return connection

    def _send_to_service(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Send a request to the token service, which may be another host."""
        target = urlsplit(url)
        secure = target.scheme == "https"
        service = RegistryAddress(target.hostname or "", target.port or (443 if secure else 80), secure)
        for attempt in range(self.backoff.attempts):
            connection = _connect(service, self._tls)
            try:
                connection.request(method, target.path + (f"?{target.query}" if target.query else ""), body, headers)
                response = connection.getresponse()
                if response.status not in BUSY_STATUSES:
                    return response.status, _read_body(response)
            except (OSError, http.client.HTTPException) as error:
                if attempt + 1 == self.backoff.attempts:
                    fact = f"has its token service at {service}, which could not be reached ({error})"
                    hint = "check the network and the service"
                    raise BedplateError(f"registry {self.address}", fact, hint) from error
            finally:
                connection.close()
            time.sleep(self.backoff.seconds(attempt))
        return response.status, b""


def _read_body(response: http.client.HTTPResponse) -> bytes:
    """Return the body of a response; without a limit, an endless one would fill the memory."""
    body = response.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise http.client.HTTPException(f"a response of more than {LARGEST} bytes")
    if response.length:  # with a limit, http.client does not notice an early end
        raise http.client.IncompleteRead(body, response.length)
    return body


def _connect(address: RegistryAddress, tls: ssl.SSLContext) -> http.client.HTTPConnection:
    if address.secure:
        return http.client.HTTPSConnection(address.host, address.port, timeout=TIMEOUT, context=tls)
    return http.client.HTTPConnection(address.host, address.port, timeout=TIMEOUT)


def _tls(ca: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"file {ca}", f"has no valid certificates: {error}", "give a PEM file") from error
