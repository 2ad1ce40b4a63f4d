"""Where the diff's knowledge of Kubernetes comes from, and what it says of real manifests."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from diff_objects import Object, as_read, shuffled_objects, side

from bedplate.diff import openapi, schema
from bedplate.diff.change import Change, Changes, ObjectChange, shown
from bedplate.diff.compare import compare
from bedplate.diff.patch import apply
from bedplate.render.identity import Identity

UPSTREAM = Path(__file__).parents[3] / "shared/upstream"
RELEASES = [UPSTREAM / f"gpu-operator-v26.{version}.yaml.gz" for version in ("3.3", "7.0")]


def module_cache() -> Path:
    """Return the folder of Go's modules."""
    if not shutil.which("go"):
        return Path(os.environ.get("GOMODCACHE", "/nonexistent"))
    return Path(subprocess.run(["go", "env", "GOMODCACHE"], check=True, capture_output=True, text=True).stdout.strip())


def test_the_data_is_what_the_generator_makes_of_kubernetes() -> None:
    """Nobody edited the generated file, and nobody edited the semantics without generating; needs the Go modules."""
    cache = module_cache()
    needed = [f"kubernetes@v{openapi.VERSION}", *(place.partition("/")[0] for place in openapi.MODULES.values())]
    missing = [name for name in needed if not (cache / "k8s.io" / name).is_dir()]
    if missing:
        pytest.skip(f"not in Go's module cache: {', '.join(missing)}")
    assert openapi.FILE.read_text() == openapi.generate(cache)


def test_each_row_of_the_semantics_says_where_it_comes_from() -> None:
    """A source is a file of Kubernetes or an address."""
    rows = yaml.safe_load(openapi.SEMANTICS.read_text())
    assert [row for row in rows if not row.get("source")] == []


def test_each_row_of_the_semantics_is_in_the_data() -> None:
    """A row that is written but not generated would do nothing."""
    types = schema.definitions()
    for row in yaml.safe_load(openapi.SEMANTICS.read_text()):
        plain = [name.removeprefix("io.k8s.") for name in types]
        for name in [one for one in row["types"] if one in plain]:
            fields = types[f"io.k8s.{name}"]
            assert all(fields[key]["default"] == value for key, value in row.get("defaults", {}).items())


def test_kinds_of_versions_that_are_gone_have_their_successors_schema() -> None:
    """An Ingress of extensions/v1beta1 is read as one of today."""
    node = schema.own("extensions/v1beta1", "Ingress")
    assert node is not None
    assert node.field("spec").field("rules").list_type == "set"


def upstream() -> list[list[Object]]:
    """Return the objects of two releases of a real operator."""
    if not all(path.is_file() for path in RELEASES):
        pytest.skip("the upstream manifests are not here")
    texts = [gzip.decompress(path.read_bytes()) for path in RELEASES]
    return [[one for one in yaml.load_all(text, yaml.CSafeLoader) if one] for text in texts]


def test_a_real_operators_releases_differ_in_what_changed() -> None:
    """Image, rule and definition changes are named, and a shuffle changes nothing."""
    old, new = upstream()
    found = compare(side(old), side(new))
    lines = "\n".join(said(one, change) for one in found.objects for change in one.changes)
    image = "registry.k8s.io/nfd/node-feature-discovery:v0.1"
    crd = "spec.versions[name=v1alpha1].schema.openAPIV3Schema"
    assert f"Deployment spec.template.spec.containers[name=gc].image {image}8.3 {image}9.0" in lines
    assert "ClusterRole rules[apiGroups=resource.k8s.io,resources=resourceclaims] None" in lines
    assert f"CustomResourceDefinition {crd}.properties.spec.required[default] None default" in lines
    chance = random.Random(1)  # noqa: S311  no secret
    mixed = compare(side(shuffled_objects(old, chance)), side(shuffled_objects(new, chance)))
    assert counts(mixed) == counts(found)


def said(one: ObjectChange, change: Change) -> str:
    """Return a change in one line."""
    return f"{one.identity.kind} {shown(change.path)} {change.old} {change.new}"


def counts(changes: Changes) -> list[tuple[Identity, int]]:
    """Return how many values differ in each object."""
    return [(one.identity, len(one.changes)) for one in changes.objects]


def test_a_real_operators_changes_applied_give_the_new_release() -> None:
    """The changes are all there is."""
    old, new = upstream()
    before, after = as_read(old), as_read(new)
    assert compare(as_read(apply(compare(before, after), before)), after) == Changes()
