"""Findings about pods: the configuration that they read and the images that they run."""

from __future__ import annotations

import pytest

from bedplate.diff.effects.effect_finding import ImageChange
from bedplate.kube.snapshot import ImageFacts
from factories.diff_effects import effects_between, messages, snapshot_of

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


def test_a_configuration_that_pods_do_not_reload_is_found() -> None:
    """Environment variables are read once; only re-created pods read the new ones."""
    assert messages(effects_between(POD % ("a:1", "m") + CONFIG % "b", POD % ("a:1", "m") + CONFIG % "c")) == [
        (
            "config-not-reloaded",
            "changes, but has no effect until the pods of Deployment d are re-created",
        )
    ]
    rules = {
        one.rule
        for one in effects_between(POD % ("a:1", "m") + CONFIG % "b", POD % ("a:2", "m") + CONFIG % "c").findings
    }
    assert rules == {"pods-restart"}


def test_a_deleted_configuration_that_is_still_read_is_found() -> None:
    """New pods would not start."""
    found = effects_between(POD % ("a:1", "m") + CONFIG % "b", POD % ("a:1", "m"))
    assert [one.rule for one in found.findings] == ["config-missing"]
    assert not effects_between(POD % ("a:1", "z") + CONFIG % "b", POD % ("a:1", "z")).findings


def test_images_have_the_bytes_to_carry_and_to_pull() -> None:
    """Bytes to carry are those that the old bundle lacks; bytes to pull those that a node with the old image lacks."""
    name = "quay.io/a/b"
    old = snapshot_of(
        POD % (f"{name}:1", "m"),
        images={f"{name}:1": ImageFacts("sha256:1", {"base": 100, "one": 10})},
        blobs={"base": 100, "one": 10, "python": 50},
    )
    blobs = {"base": 100, "python": 50, "two": 7}
    new = snapshot_of(POD % (f"{name}:2", "m"), images={f"{name}:2": ImageFacts("sha256:2", blobs)}, blobs=blobs)
    assert effects_between(old, new).images == (ImageChange(name, "1", "2", carry=7, pull=57),)
    assert effects_between(old, old).images == ()


def test_an_image_used_elsewhere_is_not_new() -> None:
    """A second workload with a known image adds no image."""
    second = (POD % ("quay.io/a/b:1", "m")).replace("name: d,", "name: e,")
    assert effects_between(POD % ("quay.io/a/b:1", "m"), POD % ("quay.io/a/b:1", "m") + second).images == ()


VOLUME = """
{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: n},
 spec: {%s resources: {requests: {storage: %s}}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: local, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}
provisioner: p
---
{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: ceph}, provisioner: p, allowVolumeExpansion: true}
"""


@pytest.mark.parametrize(
    ("named", "size", "rules"),
    [
        ("", "2Gi", ["claim-cannot-grow"]),
        ("storageClassName: local,", "2Gi", ["claim-cannot-grow"]),
        ("storageClassName: ceph,", "2Gi", []),
        ("storageClassName: elsewhere,", "2Gi", []),
        ("", "1024Mi", []),
        ("", "500Mi", ["claim-shrunk"]),
    ],
)
def test_a_volume_that_cannot_grow_is_found(named: str, size: str, rules: list[str]) -> None:
    """Apply refuses a larger size if the claim's storage class, or the default one, does not let volumes grow."""
    found = messages(effects_between(VOLUME % (named, "1Gi"), VOLUME % (named, size)))
    assert [rule for rule, _ in found] == rules
    if rules == ["claim-cannot-grow"]:
        assert found[0][1] == "cannot grow (1Gi → 2Gi): storage class local does not let volumes grow"


def test_a_restart_says_why_in_few_words() -> None:
    """The image comes first, labels last, each with its container."""
    old = POD % ("a:1", "m")
    new = old.replace("a:1", "a:2").replace("metadata: {labels: {a: b}}", "metadata: {labels: {a: b, v.x/y: z}}")
    (message,) = [message for rule, message in messages(effects_between(old, new)) if rule == "pods-restart"]
    assert message == 're-creates its pods (image of c and labels."v.x/y" changed)'
