"""The closure finds every image a program would pull, and invents none."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.bundle.closure import Named, check_closure, images_in, images_of_component, images_of_object
from bedplate.bundle.reference import normal
from bedplate.model.component import Component

SHA = "sha256:" + "a" * 64

FOUND = {
    "container": ({"containers": [{"image": "registry.k8s.io/pause:3.10.1"}]}, "registry.k8s.io/pause:3.10.1"),
    "digest": ({"image": f"quay.io/a/b:v1@{SHA}"}, f"quay.io/a/b:v1@{SHA}"),
    "short name": ({"image": "busybox"}, "docker.io/library/busybox:latest"),
    "user name": ({"image": "rancher/mirrored:1"}, "docker.io/rancher/mirrored:1"),
    "port": ({"image": "harbor.local:8443/a/b:1"}, "harbor.local:8443/a/b:1"),
    "camel key": ({"spec": {"helperImage": "busybox:1.36"}}, "docker.io/library/busybox:1.36"),
    "flag": ({"args": ["--prometheus-config-reloader-image=quay.io/x/reloader:v1"]}, "quay.io/x/reloader:v1"),
    "flag, short name": ({"args": ["--helper-image=busybox"]}, "docker.io/library/busybox:latest"),
    "flag, next word": ({"args": ["--helper-image", "busybox"]}, "docker.io/library/busybox:latest"),
    "inside argument": ({"args": ["--set=a,b=quay.io/a/b:1,c"]}, "quay.io/a/b:1"),
    "shell line": ({"command": ["sh", "-c", "ctr run 'ghcr.io/a/b:2' x"]}, "ghcr.io/a/b:2"),
    "scheme of images": ({"url": "oci://quay.io/a/b:1"}, "quay.io/a/b:1"),
    "env": ({"env": [{"name": "SIDECAR_IMAGE", "value": "busybox:1"}]}, "docker.io/library/busybox:1"),
    "env with any name": ({"env": [{"name": "X", "value": "quay.io/a/b"}]}, "quay.io/a/b:latest"),
    "config map, yaml": (
        {"data": {"pod.yaml": "spec:\n  containers:\n  - image: busybox\n"}},
        "docker.io/library/busybox:latest",
    ),
    "config map, json": ({"data": {"config.json": '{"helperImage": "a/b:1"}'}}, "docker.io/a/b:1"),
    "config map, python": ({"data": {"hub.py": "c.KubeSpawner.image = 'a/notebook:3'\n"}}, "docker.io/a/notebook:3"),
    "config map, ini": ({"data": {"conf.ini": "image = quay.io/a/b:1\n"}}, "quay.io/a/b:1"),
    "repository and tag": ({"image": {"repository": "quay.io/a/b", "tag": "v3"}}, "quay.io/a/b:v3"),
    "custom resource": ({"spec": {"storageInitializer": {"image": "kserve/init:v1"}}}, "docker.io/kserve/init:v1"),
    "list of images": ({"spec": {"images": ["a/b:1"]}}, "docker.io/a/b:1"),
    "annotation": ({"metadata": {"annotations": {"x": "uses nvcr.io/nvidia/cuda:12"}}}, "nvcr.io/nvidia/cuda:12"),
}

NOTHING = {
    "url": "https://quay.io/repository/a/b:1",
    "url with port": "http://alertmanager.monitoring.svc:9093/api/v2",
    "host and port": "prometheus.monitoring.svc:9090",
    "absolute path": "/etc/registry.k8s.io/certs.d:ro",
    "mount": "/var/lib/x.y/z:/data:ro",
    "media type": "application/vnd.oci.image.manifest.v1+json",
    "plain media type": "text/plain;version=0.0.4",
    "api group": "rbac.authorization.k8s.io/v1",
    "label": "app.kubernetes.io/name",
    "label in text": "app.kubernetes.io/name: prometheus",
    "taint": "node-role.kubernetes.io/control-plane:NoSchedule",
    "taint that evicts": "node.kubernetes.io/unreachable:NoExecute",
    "provisioner": "rancher.io/local-path",
    "recording rule": "sum by (job) (instance:node_cpu:rate5m)",
    "python import": "from kubespawner import KubeSpawner",
    "mail address": "ops@example.org",
    "address range": "198.18.0.0/15",
    "time": "at 10:30 on 1/2",
    "policy": "imagePullPolicy: IfNotPresent",
    "template": "image: $(IMAGE)",
    "jinja": "image: {{ image }}",
    "words": "the image: a picture",
    "module": "github.com/prometheus/prometheus",
    "module version": "github.com/prometheus/prometheus@v0.305.0",
    "service account": "system:serviceaccount:kube-system:coredns",
    "domain": "cluster.local:53",
    "go import path": "sigs.k8s.io/yaml/goyaml.v2",
}


@pytest.mark.parametrize(("value", "image"), FOUND.values(), ids=FOUND)
def test_finds(value: dict[str, Any], image: str) -> None:
    """An image is found wherever a program would read it."""
    assert {str(found) for found, _ in images_in(value)} == {image}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_invents_nothing(text: str) -> None:
    """What only looks like an image is left alone, in arguments, variables and configuration."""
    thing = {"args": [text, f"--x={text}"], "env": [{"name": "X", "value": text}], "data": {"a.conf": text, "b": text}}
    assert [str(found) for found, _ in images_in(thing)] == []


def test_a_schema_s_examples_are_prose() -> None:
    """An example in a CRD's description is no image."""
    assert list(images_in({"properties": {"image": {"description": "such as quay.io/a/b:1", "type": "string"}}})) == []


def test_error_names_image_object_path_and_component() -> None:
    """The message has all that is needed to mend it."""
    thing = {
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [{"image": "quay.io/a/b:1"}]}}},
    }
    errors = check_closure(images_of_object("shop", thing), ["quay.io/a/b:2"], [])
    step = "declare it in manifests/shop/component.yaml: images, or allow with a reason"
    fact = "is not in the bundle; component shop names it in Deployment/shop/web, spec.template.spec.containers.0.image"
    assert [str(error) for error in errors] == [f"image quay.io/a/b:1 {fact}. Next: {step}"]


def test_bundled_images_pass_in_any_spelling() -> None:
    """Short and full names are one image, and a digest must be the bundle's."""
    named = [Named(normal(text), "c", "o", "p") for text in ("busybox", "docker.io/library/busybox:latest")]
    assert check_closure(named, ["docker.io/library/busybox:latest"], []) == []
    pinned = Named(normal(f"quay.io/a/b:1@{SHA}"), "c", "o", "p")
    assert check_closure([pinned], [f"quay.io/a/b:1@{SHA}"], []) == []
    assert "another digest" in str(check_closure([pinned], ["quay.io/a/b:1@sha256:" + "b" * 64], [])[0])


def test_only_declared_exceptions_pass() -> None:
    """An exception holds for its own component alone."""
    allow = [{"image": "quay.io/a/b:1", "reason": "a test's name"}]
    one = Component.model_validate({"name": "one", "summary": "s", "layer": "foundation", "allow": allow})
    named = [Named(normal("quay.io/a/b:1"), name, "o", "p") for name in ("one", "two")]
    assert [error.fact.split(";")[1].split()[1] for error in check_closure(named, [], [one])] == ["two"]


def test_declared_images_count() -> None:
    """Images of component.yaml, built or only referenced, are part of the closure."""
    images, references = [{"name": "quay.io/a/b", "tag": "1"}], [{"image": "quay.io/c/d:2", "why": "default"}]
    data = {"name": "one", "summary": "s", "layer": "hosts", "images": images, "references": references}
    found = images_of_component(Component.model_validate(data))
    assert [str(item.image) for item in found] == ["quay.io/a/b:1", "quay.io/c/d:2"]
