"""What is computed of pods: the configuration they read and the images they run."""

from __future__ import annotations

from bedplate.diff.effects.effect_finding import ImageChange
from bedplate.kube.snapshot import ImageFacts
from factories.diff_effects import judged, said, side

POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: d, namespace: n}
spec:
  replicas: 2
  selector: {matchLabels: {a: b}}
  template:
    metadata: {labels: {a: b}}
    spec:
      containers: [{name: c, image: "%s", envFrom: [{configMapRef: {name: %s}}]}]
---
"""
CONFIG = "{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: n}, data: {a: %s}}\n---\n"


def test_a_configuration_that_pods_do_not_read_anew_is_named() -> None:
    """Environment variables are read once; pods that are made anew read the new ones."""
    assert said(judged(POD % ("a:1", "m") + CONFIG % "b", POD % ("a:1", "m") + CONFIG % "c")) == [
        (
            "config-not-reloaded",
            "changes nothing yet: Deployment d keep the old content until their pods are made anew",
        )
    ]
    rules = {one.rule for one in judged(POD % ("a:1", "m") + CONFIG % "b", POD % ("a:2", "m") + CONFIG % "c").findings}
    assert rules == {"pods-restart"}


def test_a_configuration_deleted_under_its_reader_is_named() -> None:
    """New pods would not start."""
    found = judged(POD % ("a:1", "m") + CONFIG % "b", POD % ("a:1", "m"))
    assert [one.rule for one in found.findings] == ["config-missing"]
    assert not judged(POD % ("a:1", "z") + CONFIG % "b", POD % ("a:1", "z")).findings


def test_images_are_named_with_what_they_cost() -> None:
    """Bytes to carry are what the old bundle lacks, bytes to pull what a node with the old image lacks."""
    name = "quay.io/a/b"
    old = side(
        POD % (f"{name}:1", "m"),
        images={f"{name}:1": ImageFacts("sha256:1", {"base": 100, "one": 10})},
        blobs={"base": 100, "one": 10, "python": 50},
    )
    blobs = {"base": 100, "python": 50, "two": 7}
    new = side(POD % (f"{name}:2", "m"), images={f"{name}:2": ImageFacts("sha256:2", blobs)}, blobs=blobs)
    assert judged(old, new).images == (ImageChange(name, "1", "2", carry=7, pull=57),)
    assert judged(old, old).images == ()


def test_an_image_used_elsewhere_is_not_new() -> None:
    """A second workload with a known image brings no image."""
    second = (POD % ("quay.io/a/b:1", "m")).replace("name: d,", "name: e,")
    assert judged(POD % ("quay.io/a/b:1", "m"), POD % ("quay.io/a/b:1", "m") + second).images == ()
