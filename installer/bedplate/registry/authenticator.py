"""Authentication: Basic, or a token per set of scopes, had once and renewed when it ends."""

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
"""What a token lives that does not say (https://distribution.github.io/distribution/spec/auth/token/)."""
EARLY_SECONDS = 10
Scopes = tuple[str, ...]


class SendRequest(Protocol):
    """Sends one request to a URL and returns the status and body of the answer."""

    def __call__(self, method: str, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, bytes]:
        """Send it."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A header's value, and when to ask for another (monotonic seconds)."""

    header: str
    until: float


class Authenticator:
    """Gives every request its header; any number of threads may ask."""

    def __init__(self, address: RegistryAddress, credentials: Credentials | None, ask: SendRequest) -> None:
        """Know nothing yet: a registry says itself what it wants."""
        self._address, self._credentials, self._ask = address, credentials, ask
        self._challenge: Challenge | None = None
        self._tokens: dict[Scopes, Token] = {}
        self._guard = threading.Lock()

    def header(self, scopes: Scopes) -> str:
        """Return the header for a request; empty as long as the registry asked for none."""
        with self._guard:
            if self._challenge is None:
                return ""
            if self._challenge.scheme == "basic":
                return self._need().basic
            token = self._tokens.get(scopes)
            if token is None or token.until < time.monotonic():
                token = self._tokens[scopes] = self._fetch(self._challenge, scopes)
            return token.header

    def refused(self, answer: str, sent: str, scopes: Scopes) -> bool:
        """Take in a 401 with its WWW-Authenticate; return whether another try can end otherwise.

        Args:
            answer: the header WWW-Authenticate.
            sent: the Authorization that was refused; empty where none was sent.
            scopes: what the request was for.
        """
        asked = challenge.parse_challenge(answer)
        if asked.scheme not in ("basic", "bearer"):
            raise self._error(f"asks for an unknown kind of authentication: {answer or 'none named'}")
        with self._guard:
            again = not sent or self._challenge != asked or asked.scheme == "bearer"
            self._challenge = asked
            # Another thread may have had the same refusal, and have another token already.
            if (known := self._tokens.get(scopes)) and known.header == sent:
                del self._tokens[scopes]
        return again

    def _need(self) -> Credentials:
        if self._credentials is None:
            raise self._error("asks for a user and a password", "give --user and --password-file, or docker login")
        if not self._address.secure and not self._address.is_loopback:
            fact = "asks for a password, and what is sent to it can be read on the way"
            raise self._error(fact, "reach it by https")
        return self._credentials

    def _fetch(self, asked: Challenge, scopes: Scopes) -> Token:
        realm = urlsplit(asked.realm)
        if realm.scheme not in ("http", "https") or (realm.scheme == "http" and self._address.secure):
            raise self._error(f"sends clients for tokens to {asked.realm or 'no URL'}, which is not https")
        status, body = self._token(asked, scopes)
        try:
            value = json.loads(body) if status == 200 else {}  # noqa: PLR2004  HTTP's OK
            text = value.get("token") or value.get("access_token")
            seconds = float(value.get("expires_in") or USUAL_SECONDS)
        except (ValueError, AttributeError, TypeError):
            text, seconds = None, 0.0
        if not text:
            who = self._credentials.user if self._credentials else "nobody"
            raise self._error(f"gives {who} no token for {' '.join(scopes)} (answer {status} of {realm.netloc})")
        return Token(f"Bearer {text}", time.monotonic() + max(seconds - EARLY_SECONDS, seconds / 2))

    def _token(self, asked: Challenge, scopes: Scopes) -> tuple[int, bytes]:
        if self._credentials and self._credentials.refresh:
            # https://distribution.github.io/distribution/spec/auth/oauth/
            form = {"grant_type": "refresh_token", "client_id": "bedplate", "refresh_token": self._credentials.refresh}
            form |= {"service": asked.parameters.get("service", ""), "scope": " ".join(scopes)}
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return self._ask("POST", asked.realm, kind, urlencode(form).encode())
        headers = {"Authorization": self._need().basic} if self._credentials else {}
        return self._ask("GET", asked.token_url(scopes), headers)

    def _error(self, fact: str, step: str = "check the user, and its rights in that project") -> BedplateError:
        return BedplateError(f"registry {self._address}", fact, step)
