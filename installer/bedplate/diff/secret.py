"""Values of Secrets: compared by keyed digests that live as long as this process, and never shown."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from typing import Any

from bedplate.render.identity import SECRET_REF

HIDDEN = "(hidden)"
"""What is shown in place of a value."""

TOKEN = "hidden:"  # noqa: S105  a prefix, no secret
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""kubectl apply keeps the whole object here, a Secret's values included."""

_KEY = os.urandom(32)
_FIELDS = ("data", "stringData")


def hide(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object in which every value of a Secret, at any depth, is an opaque token; others are the same object.

    Equal values have equal tokens in one process, whether they stand in ``data`` or in ``stringData``. A rendered
    ``secretRef: name/key`` is no value and stays.
    """
    hidden: dict[str, Any] = _walk(value)
    return hidden


def is_hidden(value: Any) -> bool:
    """Return whether a value is the token of a hidden one."""
    return isinstance(value, str) and value.startswith(TOKEN)


def shown(value: Any) -> Any:
    """Return a value as it may be printed: HIDDEN in place of each token, at any depth."""
    match value:
        case str() if is_hidden(value):
            return HIDDEN
        case dict():
            return {key: shown(item) for key, item in value.items()}
        case list():
            return [shown(item) for item in value]
        case _:
            return value


def _walk(value: Any) -> Any:
    match value:
        case {"kind": "Secret"}:
            return _secret(value)
        case dict():
            return {key: _walk(item) for key, item in value.items()}
        case list():
            return [_walk(item) for item in value]
        case _:
            return value


def _secret(value: dict[str, Any]) -> dict[str, Any]:
    changed = {key: _values(key, item) if key in _FIELDS else item for key, item in value.items()}
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(annotations, dict) and LAST_APPLIED in annotations:
        kept = annotations | {LAST_APPLIED: _token(str(annotations[LAST_APPLIED]).encode())}
        changed["metadata"] = {**value["metadata"], "annotations": kept}
    return changed


def _values(field: str, values: Any) -> Any:
    if not isinstance(values, dict):
        return values if values is None else _token(repr(values).encode())
    return {key: item if _is_no_value(item) else _token(_bytes(field, item)) for key, item in values.items()}


def _is_no_value(value: Any) -> bool:
    """Return whether this is a reference, or hidden already."""
    return is_hidden(value) or (isinstance(value, dict) and value.keys() == {SECRET_REF})


def _bytes(field: str, value: Any) -> bytes:
    """Return what a pod would read: base64 in ``data`` is opened, so that both fields compare."""
    text = value if isinstance(value, str) else repr(value)
    if field == "data":
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            pass
    return text.encode(errors="surrogatepass")


def _token(content: bytes) -> str:
    return TOKEN + hmac.new(_KEY, content, hashlib.sha256).hexdigest()
