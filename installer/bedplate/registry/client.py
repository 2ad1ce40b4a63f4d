"""A client of the OCI distribution protocol: connections kept open per thread, authentication, tries again.

https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md. It stands on http.client, because
bodies are sent from files by the kernel (sendfile), which general clients do not do.
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
BUSY = (429, 500, 502, 503, 504)
"""Answers after which the same request may end well."""
UNAUTHORIZED = 401
LARGEST = 16 << 20
"""Bytes of a manifest, a list or an error; the specification wants 4 MiB for a manifest. Blobs are read elsewhere."""
Body = bytes | FilePart


class ConnectionLostError(Exception):
    """A connection ended in the middle of an exchange, or the registry is too busy to take a body now."""

    def __init__(self, fact: str, retry_after: str = "") -> None:
        """Keep what happened and how long the registry asks to wait."""
        super().__init__(fact)
        self.retry_after = retry_after


class Client:
    """One registry; any number of threads may use it."""

    def __init__(
        self,
        address: RegistryAddress,
        credentials: Credentials | None = None,
        *,
        ca: Path | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Connect to nothing yet.

        Args:
            address: the registry.
            credentials: who pushes; None is nobody.
            ca: certificates (PEM) that the registry's one is checked against, in place of this machine's own.
            backoff: how often and how late requests are tried again.
        """
        self.address, self.backoff = address, backoff or Backoff()
        self._auth = Authenticator(address, credentials, self._ask_service)
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
        """Send a request until it is answered, and return the answer; BedplateError where it is not in `ok`."""
        for attempt in range(self.backoff.attempts):
            try:
                answer = self.once(method, path, scopes, headers=headers, body=body)
            except ConnectionLostError as error:
                last, asked = str(error), error.retry_after
            else:
                if answer.status in ok:
                    return answer
                if answer.status not in BUSY:
                    raise answer.error(self.subject(path))
                last, asked = str(answer.error(self.subject(path)).fact), answer.headers.get("Retry-After", "")
            if attempt + 1 < self.backoff.attempts:
                time.sleep(self.backoff.seconds(attempt, asked))
        raise self.exhausted(path, last)

    def once(
        self, method: str, path: str, scopes: Scopes, *, headers: dict[str, str] | None = None, body: Body = b""
    ) -> Response:
        """Send a request once, twice where it has to be authenticated; CutError where no answer comes."""
        for _ in range(3):
            authorization = self._auth.header(scopes)
            known = {"Authorization": authorization} if authorization else {}
            answer = self._exchange(method, path, {**(headers or {}), **known}, body)
            if answer.status != UNAUTHORIZED:
                return answer
            if not self._auth.refused(answer.headers.get("WWW-Authenticate", ""), authorization, scopes):
                break
        step = "check the user and the password"
        raise BedplateError(f"registry {self.address}", f"does not accept these credentials ({answer.detail})", step)

    def authorization(self, scopes: Scopes) -> str:
        """Return the header Authorization for requests by other means; empty where none is asked for."""
        return self._auth.header(scopes)

    def local_path(self, location: str, asked: str) -> str:
        """Return the path and query of an answer's Location, which has to be in this registry."""
        target = urlsplit(urljoin(f"{self.address.url}{asked}", location))
        if target.hostname != self.address.host:
            fact = f"sends uploads elsewhere, to {target.netloc}"
            raise BedplateError(f"registry {self.address}", fact, "mend its external URL, or push to that name")
        return target.path + (f"?{target.query}" if target.query else "")

    def subject(self, path: str) -> str:
        """Return what an error about a request begins with; an upload's query is nobody's business."""
        return f"{self.address}{path.partition('?')[0].removeprefix('/v2')}"

    def exhausted(self, path: str, last: str) -> BedplateError:
        """Return the error of a request that was tried often enough."""
        fact = f"{last}; tried {self.backoff.attempts} times"
        return BedplateError(self.subject(path), fact, "run the same command again: what is there is not sent again")

    def _exchange(self, method: str, path: str, headers: dict[str, str], body: Body) -> Response:
        connection = self._connection()
        try:
            response = self._send(connection, method, path, headers, body)
            answer = Response(response.status, response.headers, _body(response))
            if response.will_close:
                connection.close()
        except ssl.SSLCertVerificationError as error:
            connection.close()
            fact = f"has a certificate that is not trusted: {error.verify_message}"
            raise BedplateError(
                f"registry {self.address}", fact, "give its authority's certificate: --ca FILE"
            ) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise ConnectionLostError(f"could not be reached or broke off ({type(error).__name__}: {error})") from error
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
            # a server may answer before it has read all, 413 say, and close: its answer is the reason
            return connection.getresponse()
        return connection.getresponse()

    def _connection(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = _connect(self.address, self._tls)
        return found

    def _ask_service(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Send a request to the service that gives tokens, which may be another host."""
        target = urlsplit(url)
        secure = target.scheme == "https"
        where = RegistryAddress(target.hostname or "", target.port or (443 if secure else 80), secure)
        for attempt in range(self.backoff.attempts):
            connection = _connect(where, self._tls)
            try:
                connection.request(method, target.path + (f"?{target.query}" if target.query else ""), body, headers)
                response = connection.getresponse()
                if response.status not in BUSY:
                    return response.status, _body(response)
            except (OSError, http.client.HTTPException) as error:
                if attempt + 1 == self.backoff.attempts:
                    fact = f"gives tokens by {where}, which could not be reached ({error})"
                    raise BedplateError(f"registry {self.address}", fact) from error
            finally:
                connection.close()
            time.sleep(self.backoff.seconds(attempt))
        return response.status, b""


def _body(response: http.client.HTTPResponse) -> bytes:
    """Return an answer's body; a registry that never ends one would fill the memory."""
    body = response.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise http.client.HTTPException(f"an answer of more than {LARGEST} bytes")
    if response.length:  # read to a limit, http.client takes an early end for the end
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
        raise InputError(f"file {ca}", f"has no certificates that can be read: {error}", "give a PEM file") from error
