"""Hiding the values of Secrets: they are replaced by keyed digests that can be compared but not shown."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any

import yaml

from bedplate.kube import embedded
from bedplate.kube.object_id import SECRET_REF

HIDDEN = "(hidden)"
"""What is shown instead of a value."""

TOKEN = "hidden:"  # noqa: S105  a prefix, not a secret
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
COPIES = (LAST_APPLIED, "kapp.k14s.io/original", "objectset.rio.cattle.io/applied")
"""Annotations in which kubectl, kapp and Rancher store a whole object, with the values of a Secret (also packed)."""
SHORTEST = 3
"""Shortest value that is searched for in annotations; shorter ones occur in any text by chance."""
MANIFEST = re.compile(r"""kind\\*["']?\s*:\s*\\*["']?Secret(?:List)?\b""")
"""A Secret inside a string: YAML, JSON, or JSON inside JSON."""

_KEY = os.urandom(32)
_FIELDS = ("data", "stringData")
BINARY = "binaryData"


def hide(value: dict[str, Any]) -> dict[str, Any]:
    """Return an object in which every value of a Secret, at any depth, is replaced by an opaque token.

    In one process, equal values have equal tokens, in ``data`` as in ``stringData``. A rendered
    ``secretRef: name/key`` is not a value and stays. Secrets inside strings are hidden, too.
    """
    hidden: dict[str, Any] = _walk(value)
    return hidden


def is_hidden(value: Any) -> bool:
    """Return whether a value is the token of a hidden value."""
    return isinstance(value, str) and value.startswith(TOKEN)


def redact(value: Any) -> Any:
    """Return a value as it may be printed: with HIDDEN instead of each token, at any depth."""
    match value:
        case str() if is_hidden(value):
            return HIDDEN
        case dict():
            return {key: redact(item) for key, item in value.items()}
        case list():
            return [redact(item) for item in value]
        case _:
            return value


def _walk(value: Any) -> Any:
    match value:
        case {"kind": "Secret"}:
            return _secret(value)
        case {"kind": "SecretList", "items": list(items)}:  # as the API server responds: items without their kind
            return {**value, "items": [_secret(one) if isinstance(one, dict) else one for one in items]}
        case dict():
            return {key: _packed(item) if key == BINARY else _walk(item) for key, item in value.items()}
        case list():
            return [_walk(item) for item in value]
        case str() if MANIFEST.search(value):
            return _manifest(value)
        case _:
            return value


def _manifest(text: str) -> str:
    """Return a text with a Secret as the same document without the values, or as one token if it cannot be parsed."""
    found = embedded.parse("", text)
    if found and found.form == "json":
        return json.dumps(_walk(found.data))
    if found and found.form == "yaml":
        return yaml.safe_dump(_walk(found.data), sort_keys=False)
    return _token(text.encode(errors="surrogatepass"))


def _packed(files: Any) -> Any:
    """Return a ConfigMap's ``binaryData`` with a token instead of each file that contains a Secret."""
    if not isinstance(files, dict):
        return files
    return {key: _token(_bytes("data", one)) if _holds_secret(one) else one for key, one in files.items()}


def _holds_secret(encoded: Any) -> bool:
    return bool(MANIFEST.search(_bytes("data", encoded).decode(errors="replace")))


def _secret(value: dict[str, Any]) -> dict[str, Any]:
    changed = {key: _values(key, item) if key in _FIELDS else item for key, item in value.items()}
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(annotations, dict):
        values = list(_contents(value))
        kept = {key: _token(str(a).encode()) if _may_leak(key, a, values) else a for key, a in annotations.items()}
        changed["metadata"] = {**value["metadata"], "annotations": kept}
    return changed


def _contents(value: dict[str, Any]) -> Iterator[str]:
    """Yield a Secret's values, as written and as a pod would read them."""
    for field in _FIELDS:
        values = value.get(field)
        for item in values.values() if isinstance(values, dict) else ():
            if isinstance(item, str) and not is_hidden(item):
                yield from {item, _bytes(field, item).decode(errors="replace")}


def _may_leak(key: str, annotation: Any, values: Iterable[str]) -> bool:
    """Return whether an annotation of a Secret contains one of its values, or may contain another object."""
    text = str(annotation)
    whole = key in COPIES or text.lstrip()[:1] in ("{", "[")
    return whole or any(len(one) >= SHORTEST and one in text for one in values)


def _values(field: str, values: Any) -> Any:
    if not isinstance(values, dict):
        return values if values is None else _token(repr(values).encode())
    return {key: item if _is_no_secret(item) else _token(_bytes(field, item)) for key, item in values.items()}


def _is_no_secret(value: Any) -> bool:
    """Return whether a value is a reference, or already hidden."""
    return is_hidden(value) or (isinstance(value, dict) and value.keys() == {SECRET_REF})


def _bytes(field: str, value: Any) -> bytes:
    """Return what a pod would read: base64 in ``data`` is decoded, so that both fields can be compared."""
    text = value if isinstance(value, str) else repr(value)
    if field == "data":
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except (binascii.Error, ValueError):
            pass
    return text.encode(errors="surrogatepass")


def _token(content: bytes) -> str:
    return TOKEN + hmac.new(_KEY, content, hashlib.sha256).hexdigest()
