"""Parsing WWW-Authenticate, the header in which a registry demands authentication."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlencode

PARAMETER = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')
"""RFC 9110, section 11.2."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """The demanded scheme (`basic` or `bearer`) and its parameters."""

    scheme: str
    parameters: dict[str, str]

    @property
    def realm(self) -> str:
        """Return the URL of the token service."""
        return self.parameters.get("realm", "")

    def token_url(self, scopes: tuple[str, ...]) -> str:
        """Return the URL of a token for some scopes (https://distribution.github.io/distribution/spec/auth/token/)."""
        service = [("service", self.parameters["service"])] if "service" in self.parameters else []
        query = urlencode([*service, *(("scope", scope) for scope in scopes)])
        return f"{self.realm}{'&' if '?' in self.realm else '?'}{query}"


def parse_challenge(header: str) -> Challenge:
    """Return a header's challenge; Bearer if the header has both."""
    starts = list(re.finditer(r"(?i)(?:^|,\s*)(basic|bearer)(?=\s|$)", header))
    challenges = []
    for number, start in enumerate(starts):
        end = starts[number + 1].start() if number + 1 < len(starts) else len(header)
        values = {
            m[1].lower(): m[2] if m[2] is not None else m[3] for m in PARAMETER.finditer(header, start.end(), end)
        }
        challenges.append(Challenge(start[1].lower(), values))
    first = challenges[0] if challenges else Challenge("", {})
    return next((challenge for challenge in challenges if challenge.scheme == "bearer"), first)
