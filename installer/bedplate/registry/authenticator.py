"""Authentication at a registry: Basic, or a token for each set of scopes, which is renewed when it expires."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from bedplate.core.errors import BedplateError
from bedplate.registry import challenge
from bedplate.registry.challenge import Challenge
from bedplate.registry.credentials import Credentials
from bedplate.registry.registry_address import RegistryAddress

USUAL_SECONDS = 60
"""Lifetime of a token that states none (https://distribution.github.io/distribution/spec/auth/token/)."""
EARLY_SECONDS = 10
Scopes = tuple[str, ...]


class SendRequest(Protocol):
    """Sends one request to a URL and returns the status and body of the response."""

    def __call__(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Send it."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """The value of the Authorization header, and when to request another token (monotonic seconds)."""

    header: str
    until: float


class Authenticator:
    """Provides the Authorization header of each request; any number of threads may use it."""

    def __init__(self, address: RegistryAddress, credentials: Credentials | None, send: SendRequest) -> None:
        """Use no authentication until the registry demands one."""
        self._address, self._credentials, self._send = address, credentials, send
        self._challenge: Challenge | None = None
        self._tokens: dict[Scopes, Token] = {}
        self._guard = threading.Lock()

    def header(self, scopes: Scopes) -> str:
        """Return the header for a request; empty until the registry demands authentication."""
        with self._guard:
            if self._challenge is None:
                return ""
            if self._challenge.scheme == "basic":
                return self._required().basic
            token = self._tokens.get(scopes)
            if token is None or token.until < time.monotonic():
                token = self._tokens[scopes] = self._fetch(self._challenge, scopes)
            return token.header

    def refused(self, header: str, sent: str, scopes: Scopes) -> bool:
        """Handle a 401; return whether another try can succeed.

        Args:
            header: the header WWW-Authenticate.
            sent: the Authorization that was refused; empty if none was sent.
            scopes: what the request was for.
        """
        demanded = challenge.parse_challenge(header)
        if demanded.scheme not in ("basic", "bearer"):
            raise self._error(f"demands an unknown kind of authentication: {header or 'none named'}")
        with self._guard:
            again = not sent or self._challenge != demanded or demanded.scheme == "bearer"
            self._challenge = demanded
            # Another thread may have been refused, too, and may have a new token already.
            if (known := self._tokens.get(scopes)) and known.header == sent:
                del self._tokens[scopes]
        return again

    def _required(self) -> Credentials:
        if self._credentials is None:
            raise self._error("demands a user and a password", "give --user and --password-file, or run docker login")
        if not self._address.secure and not self._address.is_loopback:
            fact = "demands a password, but has no TLS: others could read it"
            raise self._error(fact, "use its https address")
        return self._credentials

    def _fetch(self, demanded: Challenge, scopes: Scopes) -> Token:
        realm = urlsplit(demanded.realm)
        if realm.scheme not in ("http", "https") or (realm.scheme == "http" and self._address.secure):
            raise self._error(f"refers clients to {demanded.realm or 'no URL'} for tokens, which is not https")
        status, body = self._token(demanded, scopes)
        try:
            value = json.loads(body) if status == 200 else {}  # noqa: PLR2004  HTTP's OK
            text = value.get("token") or value.get("access_token")
            seconds = float(value.get("expires_in") or USUAL_SECONDS)
        except (ValueError, AttributeError, TypeError):
            text, seconds = None, 0.0
        if not text:
            who = self._credentials.user if self._credentials else "anonymous users"
            raise self._error(f"gives {who} no token for {' '.join(scopes)} ({realm.netloc} answers {status})")
        return Token(f"Bearer {text}", time.monotonic() + max(seconds - EARLY_SECONDS, seconds / 2))

    def _token(self, demanded: Challenge, scopes: Scopes) -> tuple[int, bytes]:
        if self._credentials and self._credentials.refresh:
            # https://distribution.github.io/distribution/spec/auth/oauth/
            form = {"grant_type": "refresh_token", "client_id": "bedplate", "refresh_token": self._credentials.refresh}
            form |= {"service": demanded.parameters.get("service", ""), "scope": " ".join(scopes)}
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._send("POST", demanded.realm, kind, urlencode(form).encode())
        headers = {"Authorization": self._required().basic} if self._credentials else {}
        return self._send("GET", demanded.token_url(scopes), headers)

    def _error(self, fact: str, hint: str = "check the user and the user's rights in that project") -> BedplateError:
        return BedplateError(f"registry {self._address}", fact, hint)
