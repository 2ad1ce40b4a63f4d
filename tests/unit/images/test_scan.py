"""The scan finds every image that a program would pull, and no false ones."""

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


def _images(references: list[ImageReference]) -> set[str]:
    return {f"{MARKS[reference.certainty]}{reference.image}" for reference in references}


@pytest.mark.parametrize("case", FOUND, ids=[case["name"] for case in FOUND])
def test_finds(case: dict[str, Any]) -> None:
    """An image is found in every place that a program would read, with the right certainty, and nothing else is."""
    assert _images(images_of(case["value"])) == set(case["images"])


@pytest.mark.parametrize("text", [text for texts in NOTHING.values() for text in texts])
def test_finds_no_false_references(text: str) -> None:
    """A string that only looks like an image is not found, in any kind of place."""
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
    assert [str(reference.image) for place in places for reference in images_of(place)] == []


def test_the_corpora_are_large() -> None:
    """There are enough cases to prove something."""
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
def test_names_path_and_kind(value: dict[str, Any], path: str, kind: Kind) -> None:
    """A reference has its path, which a person can find, and the kind of place."""
    (reference,) = images_of(value)
    assert (path_text(reference.path), reference.kind) == (path, kind)


def test_labels_and_schemas_are_prose() -> None:
    """The values of labels, queries and descriptions of schemas are not scanned for images."""
    obj = {
        "metadata": {"labels": {"image": "nginx"}},
        "spec": {"selector": {"matchLabels": {"image": "nginx"}}, "expr": 'x{image="quay.io/a/b:1"}'},
    }
    assert images_of(obj) == []
    assert images_in({"properties": {"image": {"description": "such as quay.io/a/b:1", "type": "string"}}}) == []


def test_endless_documents_end() -> None:
    """A document that contains itself, and one that grows exponentially, are scanned once."""
    bomb = "a: &a [x, y]\n" + "".join(
        f"{n}: &{n} [*{p}, *{p}, *{p}, *{p}]\n" for p, n in zip("abcdefghij", "bcdefghijk", strict=True)
    )
    loop = "a: &a\n  image: team/app:1\n  b: *a\n"
    references = images_of(
        {"kind": "ConfigMap", "apiVersion": "v1", "data": {"bomb.yaml": f"{bomb}#image", "loop.yaml": loop}}
    )
    assert _images(references) == {"docker.io/team/app:1"}


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
def test_any_value_is_scanned(value: dict[str, Any]) -> None:
    """Values that Kubernetes would refuse are scanned without an error."""
    for reference in [*images_of(value), *images_in(value)]:
        assert reference.image.repository.count("/") >= 1


def test_five_hundred_objects_in_a_second() -> None:
    """The scan is fast enough for every object, every time; the limit allows for a busy machine."""
    obj = {
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
        images_of(obj)
    assert time.process_time() - start < 4
