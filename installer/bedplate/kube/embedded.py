"""Documents embedded in strings, such as a ConfigMap's values: JSON, YAML, TOML and certificates."""

from __future__ import annotations

import base64
import binascii
import json
import tomllib
from dataclasses import dataclass
from typing import Any

import yaml

LARGEST = 2_000_000
"""Longer texts are compared as text."""
MOST_VALUES = 200_000
"""Aliases of aliases can expand without end: YAML with more values than this is compared as text."""
MOST_MERGES = 10
"""Merge keys copy values while the text is parsed, so the values cannot be counted afterwards."""
DEEPEST = 50
"""Documents nested deeper are compared as text."""
TEXTS = (".sh", ".bash", ".py", ".md", ".lua", ".rego", ".sql", ".properties")
"""Endings of keys whose values are never parsed as documents."""

BEGIN = "-----BEGIN CERTIFICATE-----"
BEGIN_BASE64 = "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t"
"""The same in base64, as in a webhook's caBundle."""


@dataclass(frozen=True, slots=True)
class EmbeddedDocument:
    """A document inside a string.

    Attributes:
        form: json, yaml, toml or certificate.
        data: JSON types only.
    """

    form: str
    data: Any


class _Loader(yaml.CSafeLoader):
    """Loads YAML without dates: they stay text, as in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def parse(key: str, text: str) -> EmbeddedDocument | None:
    """Return the document in the string at a key, or None if it is just text."""
    if len(text) > LARGEST or key.endswith(TEXTS):
        return None
    if (facts := _certificates(text)) is not None:
        return EmbeddedDocument("certificate", facts)
    found = _document(key, text)
    return found if found and _is_shallow(found.data, DEEPEST) else None


def _document(key: str, text: str) -> EmbeddedDocument | None:
    if key.endswith(".toml"):
        return _toml(text)
    if text.lstrip()[:1] in ("{", "[") and (found := _json(text)):
        return found
    return _yaml(text) if "\n" in text.strip() or key.endswith((".yaml", ".yml")) else None


def _is_shallow(value: Any, most: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return most > 0 and all(_is_shallow(one, most - 1) for one in inner)


def _certificates(text: str) -> Any:
    if BEGIN not in text and not text.startswith(BEGIN_BASE64):
        return None
    from bedplate.kube import certificate_facts  # noqa: PLC0415  cryptography is slow to load, and few diffs need it

    try:
        return certificate_facts.describe(text if BEGIN in text else base64.b64decode(text).decode())
    except (binascii.Error, ValueError):
        return None


def _json(text: str) -> EmbeddedDocument | None:
    try:
        return EmbeddedDocument("json", json.loads(text))
    except (ValueError, RecursionError):
        return None


def _toml(text: str) -> EmbeddedDocument | None:
    try:
        return EmbeddedDocument("toml", _plain(tomllib.loads(text)))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _yaml(text: str) -> EmbeddedDocument | None:
    """Return one document, or the list of several; a text that is one plain value is not a document."""
    if text.count("<<:") > MOST_MERGES:
        return None
    try:
        loaded = list(yaml.load_all(text, _Loader))
        if _count(loaded, {}) > MOST_VALUES:
            return None
        documents = [_plain(document) for document in loaded]
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        return None
    documents = [document for document in documents if document is not None]
    if not documents or not all(isinstance(document, dict | list) for document in documents):
        return None
    return EmbeddedDocument("yaml", documents[0] if len(documents) == 1 else documents)


def _count(value: Any, counted: dict[int, int]) -> int:
    """Return how many values a value has after expanding its aliases; too many for one that contains itself."""
    if not isinstance(value, dict | list):
        return 1
    if id(value) not in counted:
        counted[id(value)] = MOST_VALUES + 1
        inner = value.values() if isinstance(value, dict) else value
        counted[id(value)] = 1 + sum(_count(one, counted) for one in inner)
    return counted[id(value)]


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | set() | tuple():
            return [_plain(item) for item in value]
        case str() | bool() | int() | float() | None:
            return value
        case _:
            return str(value)
