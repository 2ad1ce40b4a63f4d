"""The canonical form of objects: digests of images, and of the ConfigMaps that pods read."""

from __future__ import annotations

from typing import Any

import pytest

from bedplate.config.component import Component
from bedplate.core import digest
from bedplate.render.canonical import CONFIG_DIGEST, ImageDigests, canonical_form, with_config_digests
from bedplate.render.rendered import RenderedObject

KNOWN = {
    "registry.test/app:1.2": "a" * 64,
    "registry.test/app:1.2-debug": "b" * 64,
    "docker.test:5000/app:1.2": "c" * 64,
    "docker.test:5000": "e" * 64,
}
APP, DEBUG, PORT, TAG = (f"{name}@sha256:{sha256}" for name, sha256 in KNOWN.items())
COMPONENT = Component.model_validate({"name": "app", "summary": "a test", "layer": "foundation", "version": "1"})


@pytest.mark.parametrize(
    ("text", "pinned"),
    [
        ("registry.test/app:1.2", APP),
        ("registry.test/app:1.2-debug", DEBUG),
        ("docker.test:5000/app:1.2", PORT),
        ("docker.test:5000", TAG),
        ('{"image": "registry.test/app:1.2"}', f'{{"image": "{APP}"}}'),
        ("--image=registry.test/app:1.2 --other=registry.test/app:1.2", f"--image={APP} --other={APP}"),
        ("use registry.test/app:1.2, please", f"use {APP}, please"),
        # Parts of longer names and tags are other images.
        ("registry.test/app:1.20", None),
        ("registry.test/app:1.2.1", None),
        ("registry.test/app:1.2_x", None),
        ("registry.test/app:1.2-alpine", None),
        ("my.registry.test/app:1.2", None),
        ("my-registry.test/app:1.2", None),
        ("mirror.test/registry.test/app:1.2", None),
        ("xregistry.test/app:1.2", None),
        # An image with a digest keeps it.
        (f"registry.test/app:1.2@sha256:{'d' * 64}", None),
        ("registry.test/app", None),
        ("registry.test/appx:1.2", None),
        ("registryxtest/app:1.2", None),
    ],
)
def test_known_images_get_their_digest_and_no_others(text: str, pinned: str | None) -> None:
    """Every known name:tag in a text is followed by its digest; what only looks like one stays as it is."""
    assert ImageDigests(KNOWN).pin(text) == (pinned or text)


def test_without_digests_nothing_is_pinned() -> None:
    """A release without a lock has no digests."""
    assert ImageDigests({}).pin("registry.test/app:1.2") == "registry.test/app:1.2"


READS: dict[str, dict[str, Any]] = {
    "volume": {"volumes": [{"name": "v", "configMap": {"name": "settings"}}]},
    "projected volume": {"volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "settings"}}]}}]},
    "variable": {
        "containers": [{"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "settings", "key": "a"}}}]}]
    },
    "all variables": {"containers": [{"envFrom": [{"configMapRef": {"name": "settings"}}]}]},
    "init container": {"initContainers": [{"envFrom": [{"configMapRef": {"name": "settings"}}]}]},
}


def _annotations(spec: dict[str, Any], text: str, namespace: str = "app", kind: str = "Deployment") -> dict[str, str]:
    """Return the annotations of the pods of a workload, next to a ConfigMap with a text."""
    template = {"metadata": {}, "spec": spec}
    workload = {
        "spec": {"jobTemplate": {"spec": {"template": template}}} if kind == "CronJob" else {"template": template}
    }
    values: list[dict[str, Any]] = [
        {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "app", "namespace": "app"}, **workload},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "settings", "namespace": namespace},
            "data": {"a": text},
        },
    ]
    images = ImageDigests({})
    objects = [RenderedObject("app", "foundation", canonical_form(value, COMPONENT, images)) for value in values]
    changed = with_config_digests(objects)[0].object["spec"]
    pods = changed["jobTemplate"]["spec"]["template"] if kind == "CronJob" else changed["template"]
    found: dict[str, str] = pods["metadata"].get("annotations", {})
    return found


@pytest.mark.parametrize("how", READS)
@pytest.mark.parametrize("kind", ["Deployment", "DaemonSet", "StatefulSet", "CronJob"])
def test_a_changed_configmap_restarts_the_pods_that_read_it(how: str, kind: str) -> None:
    """The pods have a digest of what they read, however they read it; equal content gives an equal digest."""
    first, again, other = (_annotations(READS[how], text, kind=kind) for text in ("one", "one", "two"))
    assert first[CONFIG_DIGEST] == again[CONFIG_DIGEST] != other[CONFIG_DIGEST]


@pytest.mark.parametrize(
    ("spec", "namespace"),
    [
        ({"volumes": [{"name": "v", "configMap": {"name": "another"}}]}, "app"),
        ({"volumes": [{"name": "v", "secret": {"secretName": "settings"}}]}, "app"),
        ({"volumes": [{"name": "settings", "emptyDir": {}}]}, "app"),
        (READS["volume"], "elsewhere"),
    ],
)
def test_pods_that_read_no_configmap_have_no_digest(spec: dict[str, Any], namespace: str) -> None:
    """A ConfigMap that pods do not read, or that is in another namespace, does not restart them."""
    assert CONFIG_DIGEST not in _annotations(spec, "one", namespace)


def test_a_rendered_object_is_a_line_of_canonical_json() -> None:
    """`bedplate render` prints where an object belongs and its digest; where it comes from makes no difference."""
    value = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "a", "namespace": "b"}}
    rendered = RenderedObject("app", "foundation", value, "templates/a.yaml.j2")
    expected = {"component": "app", "layer": "foundation", "digest": digest.of(value), "object": value}
    assert rendered.line() == digest.canonical(expected)
    assert rendered == RenderedObject("app", "foundation", value)
