"""A response of a registry, and its error message for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPMessage

from bedplate.core.errors import BedplateError

HINTS = {
    HTTPStatus.FORBIDDEN: "give this user the right to push there",
    HTTPStatus.NOT_FOUND: "create the project or repository there first, or give --prefix",
    HTTPStatus.METHOD_NOT_ALLOWED: "allow PUT: the registry is read-only, or a proxy in front of it refuses it",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "raise the limit of the proxy in front of it (nginx: client_max_body_size 0)",
}


@dataclass(frozen=True, slots=True)
class Response:
    """Status, headers and body of one response."""

    status: int
    headers: HTTPMessage
    body: bytes = b""

    @property
    def detail(self) -> str:
        """Return the error in the registry's own words, if there are any."""
        try:
            first = json.loads(self.body)["errors"][0]
            return " ".join(filter(None, (str(first.get("code", "")), str(first.get("message", "")))))
        except (ValueError, LookupError, TypeError, AttributeError):
            return ""

    @property
    def code(self) -> str:
        """Return the error's code (https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#error-codes)."""
        return self.detail.partition(" ")[0]

    def error(self, subject: str) -> BedplateError:
        """Return an error about the refused request."""
        detail = f" ({self.detail})" if self.detail else ""
        hint = HINTS.get(HTTPStatus(self.status), "check the registry's log") if self.is_known else ""
        return BedplateError(subject, f"is refused with {self.status}{detail}", hint)

    @property
    def is_known(self) -> bool:
        """Return whether HTTP defines the status."""
        return self.status in HTTPStatus._value2member_map_
