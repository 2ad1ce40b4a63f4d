"""Overlays of profiles, applied by the release's kustomize."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.config.catalog import Catalog
from bedplate.core.errors import BedplateError
from bedplate.render import objects, overlays
from factories.render_site import make_site


@pytest.mark.usefixtures("kustomize")
def test_a_profile_changes_its_component_and_nothing_else(tmp_path: Path, catalog: Catalog) -> None:
    """Profile ha gives CoreDNS a second replica and a disruption budget; every other component stays as it was."""
    plain = {one.identity: one for one in objects.render_objects(make_site(tmp_path), catalog)}
    highly = {one.identity: one for one in objects.render_objects(make_site(tmp_path, profiles=["ha"]), catalog)}
    changed = {str(key) for key in highly if highly[key] != plain.get(key)}
    assert changed == {"apps/Deployment/kube-system/coredns", "policy/PodDisruptionBudget/kube-system/coredns"}
    assert set(plain) <= set(highly)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("kind: Kustomization\n", "is not a kustomize Component"),
        ("kind: Component\nconfigMapGenerator: []\n", "uses configMapGenerator"),
        ("kind: Component\nnamePrefix: a-\n", "uses namePrefix"),
    ],
)
def test_overlays_that_change_names_are_refused(tmp_path: Path, content: str, words: str) -> None:
    """If names depended on content, every change would replace the object."""
    (tmp_path / "kustomization.yaml").write_text(content)
    with pytest.raises(BedplateError, match=words):
        overlays._check_overlay(tmp_path)
