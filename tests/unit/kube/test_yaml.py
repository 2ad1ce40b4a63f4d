"""Parsing YAML as kubectl does, and reading identities without parsing."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bedplate.kube import fast_identity, yaml_text
from bedplate.kube.file_content import FileContent
from bedplate.kube.manifest_files import values_in
from bedplate.kube.normalize import resources_in
from bedplate.kube.raw_document import split_documents
from factories import upstream
from factories.diff_forms import FORMS

SCALARS = {
    "0644": 420, "0o17": 15, "0x1F": 31, "0b11": 3, "1_000": 1000, "-7": -7, "08": 8, "1e3": 1000, "1.50": 1.5,
    ".5": 0.5, "yes": True, "Off": False, "~": None, "": None, "2026-11-22": "2026-11-22", "12:30": "12:30",
    "1.2.3": "1.2.3", "100m": "100m", "'1'": "1", "!!str 1": "1", "=": "=",
    "12345678901234567890": 12345678901234567890,
}  # fmt: skip


@pytest.mark.parametrize("text", SCALARS)
def test_scalars(text: str) -> None:
    """Plain scalars are resolved as kubectl does, which differs from PyYAML."""
    value, _ = yaml_text.parse(f"a: {text}\n".encode(), "x", 0)
    assert value == {"a": SCALARS[text]}
    assert type(value["a"]) is type(SCALARS[text])


def test_merge_keys_and_aliases() -> None:
    """Aliases are copies, and `<<` adds the keys that are not set."""
    value, _ = yaml_text.parse(b"a: &a {x: 1, z: 2}\nb: {<<: *a, z: 3}\nc: [*a, *a]\n", "x", 0)
    assert value == {"a": {"x": 1, "z": 2}, "b": {"x": 1, "z": 3}, "c": [{"x": 1, "z": 2}] * 2}


WRITTEN = st.text("abz :#-,?'\"\n\t{}[]&*!|>%@`äß😀", max_size=12)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | WRITTEN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WRITTEN, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.text("abc", min_size=1), TREES, min_size=1))
def test_what_is_written_is_read(value: dict[str, Any]) -> None:
    """YAML written by PyYAML is read back unchanged."""
    for flow in (True, False):
        text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True).encode()
        assert yaml_text.parse(text, "x", 0)[0] == value


MANIFESTS = ("gpu-operator-v26.3.3.yaml.gz", "gpu-operator-v26.7.0.yaml.gz")


def _upstream() -> list[bytes]:
    return [gzip.decompress(upstream(name).read_bytes()) for name in MANIFESTS]


def test_fast_identities_are_right() -> None:
    """An identity that is read without parsing is the right one, and many are read so."""
    texts = [text.encode() for text in FORMS.values()] + _upstream()
    fast = total = 0
    for raw_document in (
        raw_document for text in texts for raw_document in split_documents(FileContent("x", text.replace(b"\r", b"")))
    ):
        found = [one.identity for one in resources_in(values_in(raw_document))]
        total += 1
        if (identity := fast_identity.identity(raw_document)) is not None:
            fast += 1
            assert found == [identity]
    assert fast > total / 3


AMBIGUOUS = [
    b'apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: "b"\n',
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  namespace: on\n",
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: yes\n",
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  name: b\n",
    b"apiVersion: v1\nkind: Pod\nkind: Job\nmetadata:\n  name: a\n",
    b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
    b"apiVersion: v1\nkind: PodList\nmetadata:\n  name: a\nitems: []\n",
    b"apiVersion: v1\nkind: Pod\nmetadata:\n  <<: {namespace: b}\n  name: a\n",
    b"apiVersion: v1\nkind: Pod # really\nmetadata:\n  name: a\n",
    b"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n",
    b'{"component":"c","layer":"l","object":{"apiVersion":"v1","a":{"b":{}},"kind":"Pod","metadata":{"name":"a"}}}',
    b'{"component":"c","layer":"l","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namea":"b"}}}',
    b'{"component":"c","layer":"l","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"\\u0061"}}}',
]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_ambiguous_text_is_parsed(text: bytes) -> None:
    """Text that could have another identity must be parsed."""
    (raw_document,) = split_documents(FileContent("x", text))
    assert fast_identity.identity(raw_document) is None
