"""The walk finds every image a program would pull, and invents none."""

from __future__ import annotations

import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from bedplate.images.reference import Certainty, ImageReference, Kind
from bedplate.images.scan import images_in, images_of
from bedplate.kube.change import path_text
from factories import DATA

CASES = DATA / "images"
FOUND: list[dict[str, Any]] = yaml.safe_load((CASES / "found.yaml").read_text())
NOTHING: dict[str, list[str]] = yaml.safe_load((CASES / "nothing.yaml").read_text())
MARKS = {Certainty.CERTAIN: "", Certainty.LIKELY: "~ ", Certainty.POSSIBLE: "? "}


def _images(hits: list[ImageReference]) -> set[str]:
    return {f"{MARKS[hit.certainty]}{hit.image}" for hit in hits}


@pytest.mark.parametrize("case", FOUND, ids=[case["name"] for case in FOUND])
def test_finds(case: dict[str, Any]) -> None:
    """An image is found wherever a program would read it, with the right certainty, and nothing beside it."""
    assert _images(images_of(case["value"])) == set(case["images"])


@pytest.mark.parametrize("text", [text for texts in NOTHING.values() for text in texts])
def test_invents_nothing(text: str) -> None:
    """What only looks like an image is left alone, in every kind of place."""
    places: list[dict[str, Any]] = [
        {"spec": {"containers": [{"args": [text, f"--x={text}"], "env": [{"name": "X", "value": text}]}]}},
        {"spec": {"containers": [{"command": ["sh", "-c", f"echo {text}"]}]}},
        {"metadata": {"annotations": {"example.org/x": text}}},
        {
            "kind": "ConfigMap",
            "apiVersion": "v1",
            "data": {"a.conf": text, "b": text, "c.sh": f"set -e\necho {text}\n"},
        },
        {"kind": "Thing", "apiVersion": "example.org/v1", "spec": {"x": text, "y": [text]}},
    ]
    assert [str(hit.image) for place in places for hit in images_of(place)] == []


def test_the_corpora_are_large() -> None:
    """Few cases prove little."""
    assert len(FOUND) >= 60
    assert sum(map(len, NOTHING.values())) >= 80


@pytest.mark.parametrize(
    ("value", "path", "kind"),
    [
        ({"spec": {"containers": [{"image": "a:1"}]}}, "spec.containers[0].image", Kind.FIELD),
        ({"spec": {"containers": [{"args": ["--x-image=a:1"]}]}}, "spec.containers[0].args[0]", Kind.ARGUMENT),
        (
            {"spec": {"containers": [{"env": [{"name": "IMAGE", "value": "a:1"}]}]}},
            "spec.containers[0].env[0].value",
            Kind.ENVIRONMENT,
        ),
        ({"metadata": {"annotations": {"x.y/image": "a:1"}}}, 'metadata.annotations."x.y/image"', Kind.ANNOTATION),
        ({"kind": "Thing", "apiVersion": "example.org/v1", "image": "a:1"}, "image", Kind.CUSTOM_RESOURCE),
        (
            {"kind": "ConfigMap", "apiVersion": "v1", "data": {"a.yaml": "x:\n- image: a:1\n"}},
            'data."a.yaml"(yaml).x[0].image',
            Kind.CONFIGMAP,
        ),
        ({"note": "see quay.io/a/b:1"}, "note", Kind.TEXT),
    ],
)
def test_says_where(value: dict[str, Any], path: str, kind: Kind) -> None:
    """A hit names its place so that a person finds it, and the kind of place."""
    (hit,) = images_of(value)
    assert (path_text(hit.path), hit.kind) == (path, kind)


def test_labels_and_schemas_are_prose() -> None:
    """A label's value, a query and a schema's description name no image."""
    thing = {
        "metadata": {"labels": {"image": "nginx"}},
        "spec": {"selector": {"matchLabels": {"image": "nginx"}}, "expr": 'x{image="quay.io/a/b:1"}'},
    }
    assert images_of(thing) == []
    assert images_in({"properties": {"image": {"description": "such as quay.io/a/b:1", "type": "string"}}}) == []


def test_endless_documents_end() -> None:
    """A document that contains itself, and one that multiplies, are walked once."""
    bomb = "a: &a [x, y]\n" + "".join(
        f"{n}: &{n} [*{p}, *{p}, *{p}, *{p}]\n" for p, n in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    loop = "a: &a\n  image: team/app:1\n  b: *a\n"
    hits = images_of(
        {"kind": "ConfigMap", "apiVersion": "v1", "data": {"bomb.yaml": f"{bomb}#image", "loop.yaml": loop}}
    )
    assert _images(hits) == {"docker.io/team/app:1"}


WORDS = st.sampled_from([
    "image", "repository", "tag", "version", "digest", "registry", "name", "value", "env", "args", "containers", "spec",
    "kind", "apiVersion", "metadata", "annotations", "data", "ConfigMap", "Secret", "CustomResourceDefinition",
    "versions", "schema", "openAPIV3Schema", "properties", "default", "images", "newName", "X_IMAGE", "X_TAG", "url",
    "a/b:1", "quay.io/a/b", "--image", "{", "[1", "a: {b", "a:\n- image: x:1\n", "x.py", "x.toml",
])  # fmt: skip
VALUES = st.recursive(
    st.one_of(WORDS, st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, st.text(max_size=5)), inner, max_size=5)
    ),
    max_leaves=25,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(WORDS, VALUES, max_size=6))
def test_any_value_is_walked(value: dict[str, Any]) -> None:
    """Whatever people put where Kubernetes would not have it, the walk ends without an error."""
    for hit in [*images_of(value), *images_in(value)]:
        assert hit.image.repository.count("/") >= 1


def test_five_hundred_objects_in_a_second() -> None:
    """The walk is quick enough to run over everything, always; the limit leaves room for a busy machine."""
    thing = {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": "x", "labels": {f"example.org/{n}": "v" for n in range(8)}},
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "image": "quay.io/a/b:1",
                            "args": [f"--option-{n}=/etc/x/{n}" for n in range(10)],
                            "env": [{"name": f"V{n}", "value": f"http://x.svc:80/{n}"} for n in range(10)],
                        }
                    ]
                }
            }
        },
    }
    start = time.process_time()
    for _ in range(500):
        images_of(thing)
    assert time.process_time() - start < 4
