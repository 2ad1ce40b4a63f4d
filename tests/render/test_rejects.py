"""Templates that must not render, each with the words a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from bedplate.config.catalog import Catalog
from bedplate.config.component import Component
from bedplate.config.release import Release
from bedplate.core.errors import BedplateError, Findings
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
    objects.render(make_site(folder, tenants=[]), Catalog(release, folder, {"tiny": tiny}, {"tiny": folder}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {{ env.nothing }}", "things.yaml.j2:1: template cannot be filled"),
        ("a: 1\nb: {{ unknown }}", "things.yaml.j2:2: template cannot be filled: 'unknown' is undefined"),
        ("a: {{ oops", "things.yaml.j2:1: template"),
        ("a: [1", "gives no YAML"),
        ("kind: ConfigMap", "without apiVersion, kind or metadata.name"),
        ("- 1", "without apiVersion, kind or metadata.name"),
        (
            CONFIG_MAP.format(name="one", namespace="kube-system") + "data: {a: {{ secret('no/such') }}}",
            "secret no/such is not among component.yaml's secrets",
        ),
        (
            CONFIG_MAP.format(name="one", namespace="nowhere"),
            "object core/ConfigMap/nowhere/one is in namespace nowhere, which no component and no tenant declares",
        ),
        (CONFIG_MAP.format(name="one", namespace="default"), "in namespace default"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}", "names no namespace"),
        ("apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}", "its kind has none"),
        (
            "---\n".join([CONFIG_MAP.format(name="one", namespace="kube-system")] * 2),
            "core/ConfigMap/kube-system/one is declared twice; the first is in",
        ),
        (
            CONFIG_MAP.format(name="one", namespace="kube-system") + "data: {a: {secretRef: x/y}}",
            "takes a secret's value outside a Secret",
        ),
    ],
)
def test_bad_templates_are_named(tmp_path: Path, text: str, words: str) -> None:
    """What is wrong with a template is said in one line with its file, and the exit code is that of bad input."""
    with pytest.raises((BedplateError, Findings)) as caught:
        render_one(tmp_path, text)
    assert words in str(caught.value)
    assert "things.yaml.j2" in str(caught.value)
    assert getattr(caught.value, "exit_code", 0) == 2


@pytest.mark.parametrize(
    ("component", "words"),
    [
        ({"layer": "nowhere"}, "names layer nowhere"),
        ({"requires": ["missing"]}, "requires missing, which is not in layer foundation"),
        ({"requires": ["tiny"]}, "requires itself: tiny"),
    ],
)
def test_bad_order_is_named(tmp_path: Path, component: dict[str, object], words: str) -> None:
    """Layers that do not exist and circles of requirements are refused."""
    with pytest.raises(BedplateError, match=words):
        render_one(tmp_path, "", **component)


def test_an_unknown_profile_is_refused(tmp_path: Path, catalog: Catalog) -> None:
    """A profile without a folder of overlays is a mistake in environment.yaml, not a silent nothing."""
    with pytest.raises(BedplateError, match="profile nosuch has no folder in overlays/"):
        objects.render(make_site(tmp_path, profiles=["nosuch"]), catalog)
