"""The generated schemas of Kubernetes: where they come from, and how they compare real manifests."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import pytest
import yaml

from bedplate.artifacts import kinds
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.go.go_source import GoSource
from bedplate.artifacts.load_release import load_release
from bedplate.diff.compare import generate_schema, kube_schema
from bedplate.diff.compare.apply_changes import apply
from bedplate.diff.compare.compare_snapshots import compare
from bedplate.kube.change import Change, Changes, ObjectChange, path_text
from bedplate.kube.object_id import ObjectId
from factories import upstream
from factories.diff_objects import Object, shuffled_objects, snapshot_of, unhidden_snapshot

RELEASE = "2026.11.0"
"""The release with the Kubernetes whose schemas the diff has."""
MANIFESTS = ("gpu-operator-v26.3.3.yaml.gz", "gpu-operator-v26.7.0.yaml.gz")


@pytest.fixture
def modules() -> Path:
    """Fetch the modules from which the release's API server is built; return the folder of Go modules."""
    cache = Cache()
    context = kinds.build_context(load_release(RELEASE), cache)
    GoSource().prefetch(context.entry("kubernetes-control-plane"), context)
    return cache.folder("go", "mod")


@pytest.mark.slow
def test_the_data_is_what_the_generator_makes_of_kubernetes(modules: Path) -> None:
    """The generated file was not edited by hand, and is up to date with the semantics."""
    assert generate_schema.FILE.read_text() == generate_schema.generate(modules)


def test_each_row_of_the_semantics_has_a_source() -> None:
    """A source is a file of Kubernetes or an address."""
    rows = yaml.safe_load(generate_schema.SEMANTICS.read_text())
    assert [row for row in rows if not row.get("source")] == []


def test_each_row_of_the_semantics_is_in_the_data() -> None:
    """A row that was not generated into the data would have no effect."""
    types = kube_schema.definitions()
    for row in yaml.safe_load(generate_schema.SEMANTICS.read_text()):
        plain = [name.removeprefix("io.k8s.") for name in types]
        for name in [one for one in row["types"] if one in plain]:
            fields = types[f"io.k8s.{name}"]
            assert all(fields[key]["default"] == value for key, value in row.get("defaults", {}).items())


def test_kinds_of_versions_that_are_gone_have_their_successors_schema() -> None:
    """An Ingress of extensions/v1beta1 has the schema of the current version."""
    node = kube_schema.native_schema("extensions/v1beta1", "Ingress")
    assert node is not None
    assert node.field("spec").field("rules").list_type == "set"


def two_releases() -> list[list[Object]]:
    """Return the objects of two releases of a real operator."""
    texts = [gzip.decompress(upstream(name).read_bytes()) for name in MANIFESTS]
    return [[one for one in yaml.load_all(text, yaml.CSafeLoader) if one] for text in texts]


def test_two_releases_of_a_real_operator_are_compared() -> None:
    """Changes of images, rules and definitions are found, and shuffling changes nothing."""
    old, new = two_releases()
    found = compare(snapshot_of(old), snapshot_of(new))
    lines = "\n".join(said(one, change) for one in found.objects for change in one.changes)
    image = "registry.k8s.io/nfd/node-feature-discovery:v0.1"
    crd = "spec.versions[name=v1alpha1].schema.openAPIV3Schema"
    assert f"Deployment spec.template.spec.containers[name=gc].image {image}8.3 {image}9.0" in lines
    assert "ClusterRole rules[apiGroups=resource.k8s.io,resources=resourceclaims] None" in lines
    assert f"CustomResourceDefinition {crd}.properties.spec.required[default] None default" in lines
    chance = random.Random(1)  # noqa: S311  not a secret
    mixed = compare(snapshot_of(shuffled_objects(old, chance)), snapshot_of(shuffled_objects(new, chance)))
    assert counts(mixed) == counts(found)


def said(one: ObjectChange, change: Change) -> str:
    """Return a change in one line."""
    return f"{one.identity.kind} {path_text(change.path)} {change.old} {change.new}"


def counts(changes: Changes) -> list[tuple[ObjectId, int]]:
    """Return how many values differ in each object."""
    return [(one.identity, len(one.changes)) for one in changes.objects]


def test_a_real_operators_changes_applied_give_the_new_release() -> None:
    """No difference is missing from the changes."""
    old, new = two_releases()
    before, after = unhidden_snapshot(old), unhidden_snapshot(new)
    assert compare(unhidden_snapshot(apply(compare(before, after), before)), after) == Changes()
