"""Templates, components and profiles that rendering refuses, each with its error message."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.config.catalog import Catalog
from bedplate.config.component import Component
from bedplate.config.release import Release
from bedplate.core.errors import BedplateError, ErrorList, InputError
from bedplate.render import objects
from factories.render_site import make_site

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n"


def render_one(folder: Path, text: str, **component: object) -> None:
    """Render a component with one template."""
    (folder / "things.yaml.j2").write_text(text)
    release = Release.model_validate(
        {"version": "1", "toolchain": {"go": "1", "node": "1"}, "epoch": 0, "components": {"tiny": "1"}}
    )
    tiny = Component.model_validate({"name": "tiny", "summary": "a test", "layer": "foundation", **component})
    objects.render_objects(make_site(folder, tenants=[]), Catalog(release, folder, {"tiny": tiny}, {"tiny": folder}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {{ env.nothing }}", "things.yaml.j2:1: template cannot be rendered"),
        ("a: 1\nb: {{ unknown }}", "things.yaml.j2:2: template cannot be rendered: 'unknown' is undefined"),
        ("a: {{ oops", "things.yaml.j2:1: template"),
        ("a: [1", "does not produce YAML"),
        ("kind: ConfigMap", "without apiVersion, kind or metadata.name"),
        ("- 1", "without apiVersion, kind or metadata.name"),
        (
            CONFIG_MAP.format(name="one", namespace="kube-system") + "data: {a: {{ secret('no/such') }}}",
            "secret no/such is not one of component.yaml's secrets",
        ),
        (
            CONFIG_MAP.format(name="one", namespace="nowhere"),
            "ConfigMap/nowhere/one is in namespace nowhere, which neither a component nor a tenant declares",
        ),
        (CONFIG_MAP.format(name="one", namespace="default"), "in namespace default"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}", "has no namespace"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}", "its kind is cluster-scoped"),
        (
            "---\n".join([CONFIG_MAP.format(name="one", namespace="kube-system")] * 2),
            "core/ConfigMap/kube-system/one is a duplicate; the first is in",
        ),
        (
            CONFIG_MAP.format(name="one", namespace="kube-system") + "data: {a: {secretRef: x/y}}",
            "uses a secret outside the stringData of a Secret",
        ),
    ],
)
def test_bad_templates_are_refused(tmp_path: Path, text: str, words: str) -> None:
    """The error names the template's file, and its exit code is that of bad input."""
    with pytest.raises((BedplateError, ErrorList)) as caught:
        render_one(tmp_path, text)
    assert words in str(caught.value)
    assert "things.yaml.j2" in str(caught.value)
    assert getattr(caught.value, "exit_code", 0) == 2


@pytest.mark.parametrize(
    ("component", "words"),
    [
        ({"layer": "nowhere"}, "names layer nowhere"),
        ({"requires": ["missing"]}, "requires missing, which is not in the release"),
        ({"requires": ["tiny"]}, "requires itself: tiny"),
    ],
)
def test_bad_order_is_refused(tmp_path: Path, component: dict[str, object], words: str) -> None:
    """Unknown layers and circular requirements are refused."""
    with pytest.raises(BedplateError, match=words):
        render_one(tmp_path, "", **component)


def test_a_template_with_the_other_ending_is_refused(tmp_path: Path) -> None:
    """Templates end in .yaml.j2; another would be left out without a word."""
    (tmp_path / "more.yml.j2").write_text("")
    with pytest.raises(InputError, match=r"file more\.yml\.j2 is not read"):
        render_one(tmp_path, "")


def test_an_unknown_profile_is_refused(tmp_path: Path, catalog: Catalog) -> None:
    """A profile without a folder in overlays/ is a mistake in environment.yaml and is not ignored."""
    with pytest.raises(BedplateError, match="profile nosuch has no folder in overlays/"):
        objects.render_objects(make_site(tmp_path, profiles=["nosuch"]), catalog)
