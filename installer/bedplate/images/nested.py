"""Documents inside strings: JSON, YAML, TOML and Python in a ConfigMap, an annotation or a Secret."""

from __future__ import annotations

import base64
import binascii
import json
import re
import tomllib
from typing import Any

import yaml

from bedplate.images import python_values

MAPPING = re.compile(r"(?m)^\s*(?:- )?[\"']?[\w./-]+[\"']?\s*:(?:\s|$)")
WORTH = re.compile(r"(?i)image|repositor|[\w.-]/")
"""A document without any of these has no reference, so it is not parsed."""
LARGEST = 8_000_000


class _Lenient(yaml.CSafeLoader):
    """Reads tags that only other programs know, and the plain `=`, which YAML 1.1 gives a type, as their values."""


def _plain(loader: _Lenient, node: yaml.Node) -> Any:
    match node:
        case yaml.MappingNode():
            return loader.construct_mapping(node, deep=True)
        case yaml.SequenceNode():
            return loader.construct_sequence(node, deep=True)
        case _:
            return node.value


_Lenient.add_constructor("tag:yaml.org,2002:value", _plain)
_Lenient.add_constructor(None, _plain)


def parse_document(key: str, text: str) -> tuple[str, Any] | None:
    """Return the format and the data of a document in a string, None for plain text.

    Args:
        key: its name; the ending tells TOML and Python.
        text: the string.
    """
    if len(text) > LARGEST or not WORTH.search(text):
        return None
    ending = key.rpartition(".")[2].lower()
    if ending == "toml":
        return _toml(text)
    if ending == "py":
        return _form("python", python_values.values(text))
    start = text.lstrip()[:1]
    if start in ("{", "["):
        return _json(text) or _yaml(text)
    if ending in ("yaml", "yml") or ("\n" in text.strip() and MAPPING.search(text)):
        return _yaml(text)
    return None


def _form(form: str, data: Any) -> tuple[str, Any] | None:
    return (form, data) if isinstance(data, dict | list) and data else None


def _toml(text: str) -> tuple[str, Any] | None:
    try:
        return _form("toml", tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return None


def _json(text: str) -> tuple[str, Any] | None:
    try:
        return _form("json", json.loads(text))
    except (ValueError, RecursionError):
        return None


def _yaml(text: str) -> tuple[str, Any] | None:
    try:
        documents = [data for data in yaml.load_all(text, Loader=_Lenient) if data is not None]
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    if not all(isinstance(data, dict | list) for data in documents):
        return None
    return _form("yaml", documents[0] if len(documents) == 1 else documents)


def decoded(text: str) -> str:
    """Return text that is encoded as base64; empty if it is not text."""
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
