"""An image that is named and not in the bundle ends a build, and the error says how to fix it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from bedplate.artifacts.load_release import load_release
from bedplate.build.image_completeness import NamedImage, check_images, images_of_component, images_of_object
from bedplate.build.proof import named_images
from bedplate.config import catalog
from bedplate.config.bundle_layout import ReleaseFile
from bedplate.config.component import AllowedReference, Component
from bedplate.config.environments import Site
from bedplate.config.host_spec import HostFile, HostSpec
from bedplate.core import paths
from bedplate.images.image_name import normalize_image, untagged_image
from bedplate.render.rendered import RenderedObject

SHA, OTHER = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def _component(**fields: Any) -> Component:
    return Component.model_validate({"name": "one", "summary": "s", "layer": "foundation", **fields})


def _named(text: str, component: str = "one") -> NamedImage:
    return NamedImage(normalize_image(text), component, "Deployment/x", "spec.image")


def test_error_names_image_object_path_reason_and_component() -> None:
    """The error has all that is needed to fix it."""
    thing = {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"template": {"spec": {"containers": [{"image": "team/app:1"}]}}},
    }
    (error,) = check_images(images_of_object("shop", thing), ["docker.io/team/app:2"], [])
    where = "Deployment/shop/web, spec.template.spec.containers[0].image (field, certain, written team/app:1)"
    step = "add it to `images:` in manifests/shop/component.yaml, or to `allow:` with a reason"
    fact = f"is not in the bundle; component shop names it in {where}"
    assert str(error) == f"image docker.io/team/app:1 {fact}\n  hint: {step}"


@pytest.mark.parametrize(
    ("named", "bundled", "fact"),
    [
        ("busybox", "docker.io/library/busybox:latest", ""),
        ("quay.io/a/b:1", f"quay.io/a/b:1@{SHA}", ""),
        (f"quay.io/a/b:1@{SHA}", f"quay.io/a/b:1@{SHA}", ""),
        (f"quay.io/a/b@{SHA}", f"quay.io/a/b:1@{SHA}", ""),
        (f"quay.io/a/b@{OTHER}", f"quay.io/a/b:1@{SHA}", "with another digest"),
        (f"quay.io/a/b:1@{OTHER}", f"quay.io/a/b:1@{SHA}", "with another digest"),
        ("quay.io/a/b:2", f"quay.io/a/b:1@{SHA}", "is not in the bundle"),
        ("quay.io/a/bb:1", f"quay.io/a/b:1@{SHA}", "is not in the bundle"),
    ],
)
def test_an_image_is_in_the_bundle_by_name_tag_and_digest(named: str, bundled: str, fact: str) -> None:
    """Short and full names are one image; tag and digest must be the bundle's where they are given."""
    errors = [str(error) for error in check_images([_named(named)], [bundled], [])]
    assert len(errors) == bool(fact)
    assert all(fact in error for error in errors)


def test_a_tag_that_is_decided_elsewhere_needs_the_repository() -> None:
    """A CRD's default without a version is closed if the bundle has the repository at all."""
    named = [NamedImage(untagged_image("nvcr.io/nvidia/driver"), "gpu", "CustomResourceDefinition/x", "spec")]
    assert check_images(named, ["nvcr.io/nvidia/driver:580"], []) == []
    assert "is not in the bundle" in str(check_images(named, ["nvcr.io/nvidia/other:580"], [])[0])


def test_only_declared_exceptions_pass() -> None:
    """An exception holds for its own component alone."""
    one = _component(allow=[{"image": "quay.io/a/b:1", "reason": "a test's name"}])
    (error,) = check_images([_named("quay.io/a/b:1", name) for name in ("one", "two")], [], [one])
    assert "component two" in str(error)


@pytest.mark.parametrize(
    "fields",
    [{}, {"image": "a:1", "deb": "a: b"}, {"image": "a:1", "reason": ""}, {"image": "a:1", "reason": "not needed"}],
)
def test_an_exception_is_for_one_thing_and_has_a_reason(fields: dict[str, str]) -> None:
    """What could hide a mistake is refused."""
    with pytest.raises(ValidationError):
        AllowedReference.model_validate({"reason": "a whole sentence", **fields})


def test_declared_images_count() -> None:
    """Images of component.yaml, built or only referenced, are part of the closure."""
    component = _component(
        images=[{"name": "quay.io/a/b", "tag": "1"}], references=[{"image": "quay.io/c/d:2", "why": "default"}]
    )
    found = [(str(one.image), one.reason) for one in images_of_component(component)]
    assert found == [("quay.io/a/b:1", "built"), ("quay.io/c/d:2", "default")]


HOST_FILES = {
    "/etc/kubernetes/manifests/agent.yaml": (
        "spec:\n  containers:\n  - image: busybox\n",
        "docker.io/library/busybox:latest",
        '"/etc/kubernetes/manifests/agent.yaml"(yaml).spec.containers[0].image',
    ),
    "/etc/containerd/config.toml": (
        "[plugins.cri]\nsandbox_image = 'team/pause:3'\n",
        "docker.io/team/pause:3",
        '"/etc/containerd/config.toml"(toml).plugins.cri.sandbox_image',
    ),
    "/usr/local/bin/pull": (
        "#!/bin/sh\ncrictl pull team/app:1\n",
        "docker.io/team/app:1",
        "/usr/local/bin/pull",
    ),
}


@pytest.mark.parametrize("path", HOST_FILES)
def test_a_hosts_file_is_walked_as_what_it_is(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """YAML and TOML by their fields, a script as text; the error has the file and the place in it."""
    content, image, where = HOST_FILES[path]
    file = HostFile(path=path, content=content)
    spec = HostSpec(
        host="cp1", address="", groups=(), packages={}, binaries={}, services=(), files=(file, file), vars={}
    )
    monkeypatch.setattr(named_images, "host_specs", lambda *_: [spec, spec])
    release = ReleaseFile(release="1", installer="", artifacts=[], sets={})
    (one,) = named_images.images_of_hosts(load_release(catalog.newest()), release)
    assert (str(one.image), one.thing, one.path) == (image, "host cp1", where)


@pytest.mark.parametrize(
    ("folders", "proved"),
    [([], [[]]), (["ha"], [[], ["ha"]]), (["ha", "gpu"], [[], ["gpu"], ["ha"], ["gpu", "ha"]])],
)
def test_profiles_are_proved_alone_and_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folders: list[str], proved: list[list[str]]
) -> None:
    """What only two overlays together would name is found, too."""
    for folder in folders:
        (tmp_path / "overlays" / folder).mkdir(parents=True)
    rendered: list[list[str]] = []

    def render(site: Site, *_: object) -> list[RenderedObject]:
        rendered.append(list(site.environment.profiles))
        return []

    release = load_release(catalog.newest())
    monkeypatch.setattr(paths, "search_path", lambda: [tmp_path])
    monkeypatch.setattr(named_images, "render_objects", render)
    list(named_images.images_of_components(release, ReleaseFile(release="1", installer="", artifacts=[], sets={})))
    assert rendered == proved
