"""The Pulumi CLI and plugins are those that the wheels need."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.build.proof.pulumi_plugins import check_plugins
from bedplate.config.bundle_layout import BastionNeeds, BastionProgram
from factories import tiny_bundle
from factories.package_release import package_release


@pytest.mark.parametrize(
    ("programs", "says"),
    [
        ({"pulumi": "3.214.0"}, ["plugin pulumi-resource-kubernetes is not in the bundle"]),
        ({"pulumi": "3.214.0", "pulumi-resource-kubernetes": "4.24.0"}, ["is 4.24.0 in the bundle"]),
        ({"pulumi": "3.213.0", "pulumi-resource-kubernetes": "4.24.1"}, ["the Pulumi CLI is 3.213.0"]),
        ({"pulumi": "3.214.0", "pulumi-resource-kubernetes": "4.24.1"}, []),
    ],
)
def test_plugins_are_those_that_wheels_ask_for(tmp_path: Path, programs: dict[str, str], says: list[str]) -> None:
    """A plugin of another version would be downloaded at the site."""
    plugin = {"resource": True, "name": "kubernetes", "version": "4.24.1"}
    wheels = {"wheel:pulumi_kubernetes-4.24.1-py3-none-any.whl": _wheel_with(plugin)}
    wheels["wheel:pulumi-3.214.0-py3-none-any.whl"] = tiny_bundle.wheel()
    carried = [BastionProgram(component=n, version=v, artifact="0" * 64, path=f"bin/{n}") for n, v in programs.items()]
    cache = Cache(tmp_path)
    release = package_release(cache, wheels, {"wheel:installer": list(wheels)}, bastion=BastionNeeds(programs=carried))
    errors = [str(error) for error in check_plugins(release, tmp_path / "blobs/sha256")]
    assert [text in error for text, error in zip(says, errors, strict=True)] == [True] * len(says)


def _wheel_with(plugin: dict[str, Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("pulumi_kubernetes/pulumi-plugin.json", json.dumps(plugin))
    return out.getvalue()
