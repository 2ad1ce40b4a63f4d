"""What a registry answered, and how its errors are told to people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPMessage

from bedplate.core.errors import BedplateError

STEPS = {
    HTTPStatus.FORBIDDEN: "give this user the right to push there",
    HTTPStatus.NOT_FOUND: "make the project or repository there first, or give --prefix",
    HTTPStatus.METHOD_NOT_ALLOWED: "it is read-only, or a proxy in front of it takes no PUT",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "raise the limit of the proxy in front of it (nginx: client_max_body_size 0)",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of one answer."""

    status: int
    headers: HTTPMessage
    body: bytes = b""

    @property
    def detail(self) -> str:
        """Return the error in the registry's words, if it has some."""
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
        """Return an error about what was asked for."""
        said = f" ({self.detail})" if self.detail else ""
        step = STEPS.get(HTTPStatus(self.status), "look into the registry's log") if self.is_known else ""
        return BedplateError(subject, f"is refused with {self.status}{said}", step)

    @property
    def is_known(self) -> bool:
        """Return whether the status is one of HTTP's."""
        return self.status in HTTPStatus._value2member_map_
