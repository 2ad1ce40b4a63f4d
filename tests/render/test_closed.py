"""Completeness of the release in this repository; a component with an image from outside is reported."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bedplate.artifacts.load_release import load_release
from bedplate.build.image_completeness import check_images
from bedplate.build.proof.named_images import images_of_components
from bedplate.config.catalog import Catalog
from factories import ROOT
from factories.host_release import release_file
from factories.render_site import RELEASE

pytestmark = pytest.mark.usefixtures("kustomize")


def _outside(catalog: Catalog) -> list[str]:
    release = release_file(catalog)
    bundled = [artifact.image for artifact in release.artifacts if artifact.image]
    return [str(e) for e in check_images(images_of_components(catalog, release), bundled, catalog.components.values())]


def test_every_object_of_the_release_names_bundled_images(catalog: Catalog) -> None:
    """The rendered components need no image from outside the bundle, in any profile."""
    assert _outside(catalog) == []


def test_an_image_from_outside_is_reported_with_its_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image in YAML in JSON in a ConfigMap stops the build; the error says where it is and why it counts."""
    tree = shutil.copytree(ROOT / "tests/data/leaky", tmp_path / "leaky")
    folder = shutil.copytree(ROOT / "releases" / RELEASE, tree / "releases/leaky")
    (folder / "release.yaml").write_text((folder / "release.yaml").read_text() + "  leaky: 1.0.0\n")
    monkeypatch.setenv("BEDPLATE_TREES", str(tree))
    (error,) = _outside(load_release("leaky"))
    path = 'data."settings.json"(json).jobs[0].template(yaml).spec.containers[0].image'
    assert f"ConfigMap/kube-system/leaky, {path} (configmap, certain)" in error
    assert error.startswith("image registry.example.org/team/helper:1.2 is not in the bundle; component leaky names it")
