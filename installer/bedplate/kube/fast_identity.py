"""The identity of an object read from its text without parsing it, so that most of a big file is never parsed.

This is used only for texts that both snapshots of a diff contain. Text in any but the plainest style is parsed.
"""

from __future__ import annotations

import re

from bedplate.kube.object_id import ObjectId, is_cluster_scoped
from bedplate.kube.raw_document import DocumentForm, RawDocument
from bedplate.kube.yaml_scalar import WORDS

TEXT = rb'"(?:[^"\\]++|\\.)*+"'
FLAT = rb"\{(?:" + TEXT + rb":" + TEXT + rb",?)*+\}"
VALUE = rb"(?:" + TEXT + rb"|" + FLAT + rb"|\[(?:" + TEXT + rb",?)*+\]|[-+.0-9eE]+|true|false|null)"
NAME = rb'"([^"\\]+)"'
LATER = rb'(?=\}|,"(?:ownerReferences|resourceVersion|selfLink|uid)":)'
"""What can follow an object's name and namespace if keys are sorted
(https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/)."""

CANONICAL = re.compile(
    rb'\{"component":'
    + NAME
    + rb'(?:,"digest":'
    + TEXT
    + rb')?+,"layer":'
    + TEXT
    + rb',"object":(\{"apiVersion":'
    + NAME
    + rb","
    rb'(?:(?!"kind":)' + TEXT + rb":" + VALUE + rb",)*+"
    rb'"kind":' + NAME + rb',"metadata":\{'
    rb'(?:(?!"name":)' + TEXT + rb":" + VALUE + rb",)*+"
    rb'"name":' + NAME + rb'(?:,"namespace":' + NAME + rb")?" + LATER + rb".*\})\}"
)
"""A line of `bedplate render`: keys are sorted, without spaces."""

WORD = rb"([A-Za-z][A-Za-z0-9./:-]*+)[ ]*+$"
API_VERSION = re.compile(rb"^apiVersion: " + WORD, re.MULTILINE)
KIND = re.compile(rb"^kind: " + WORD, re.MULTILINE)
METADATA = re.compile(rb"^metadata:\n((?:  [^\n]*\n)*+)(?![ \t])", re.MULTILINE)
META_NAME = re.compile(rb"^  name: " + WORD, re.MULTILINE)
META_NAMESPACE = re.compile(rb"^  namespace: " + WORD, re.MULTILINE)
SECRET_WORD = b"Secret"
SECRET = re.compile(rb"Secret(?<![A-Za-z]Secret)(?![A-Za-z])")
"""The word as a kind is written; imagePullSecrets and secretRef contain no values of Secrets."""


def identity(raw_document: RawDocument) -> ObjectId | None:
    """Return the identity of a raw document's only object; None if it must be parsed, or may contain Secrets."""
    if SECRET_WORD in raw_document.text and SECRET.search(raw_document.text):
        return None
    match raw_document.form:
        case DocumentForm.CANONICAL:
            return _of_line(raw_document.text)
        case DocumentForm.YAML:
            return _of_document(raw_document.text)
        case _:
            return None


def component(raw_document: RawDocument) -> str:
    """Return the component of a raw document that was not parsed."""
    return (
        raw_document.text[len(b'{"component":"') :].partition(b'"')[0].decode()
        if raw_document.form is DocumentForm.CANONICAL
        else ""
    )


def _of_line(text: bytes) -> ObjectId | None:
    found = CANONICAL.fullmatch(text)
    if found is None:
        return None
    _, _, api, kind, name, namespace = found.groups()
    return None if kind.endswith(b"List") else _object_id(api, kind, name, namespace)


def _of_document(text: bytes) -> ObjectId | None:
    """Return the identity from block YAML in which each of these keys is written once, at its place and unquoted.

    Text that continues over several lines cannot look like one of these keys: it is indented deeper, or the key would
    be found a second time.
    """
    metadata = _only(METADATA, text, b"\nmetadata:")
    api, kind = _only(API_VERSION, text, b"\napiVersion:"), _only(KIND, text, b"\nkind:")
    if metadata is None or api is None or kind is None or kind.endswith(b"List"):
        return None
    name = _only(META_NAME, metadata, b"\n  name:")
    namespace = _only(META_NAMESPACE, metadata, b"\n  namespace:")
    if name is None or (namespace is None and b"  namespace:" in metadata) or b"<<:" in text:
        return None
    words = (api, kind, name, namespace or b"word")
    return None if any(word.decode() in WORDS for word in words) else _object_id(api, kind, name, namespace)


def _only(pattern: re.Pattern[bytes], text: bytes, key: bytes) -> bytes | None:
    """Return what a pattern finds, if its key occurs exactly once in the text."""
    found = pattern.search(text)
    if found is None or text.count(key) + text.startswith(key[1:]) != 1:
        return None
    return found[1]


def _object_id(api: bytes, kind: bytes, name: bytes, namespace: bytes | None) -> ObjectId:
    group, slash, _ = api.decode().partition("/")
    found = ObjectId(group if slash else "", kind.decode(), (namespace or b"").decode(), name.decode())
    return found._replace(namespace="") if is_cluster_scoped(found.group, found.kind) else found
