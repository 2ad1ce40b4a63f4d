"""The hub's hooks with the libraries of its image: what the form offers, and how a server is started."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from factories import DATA
from factories.real_hub import hub_command

SETTINGS = {
    "tenants": [
        {"name": "physics", "groups": ["physicists"], "namespaces": ["physics", "physics-dev"]},
        {"name": "biology", "groups": ["biologists"], "namespaces": ["biology"]},
    ],
    "sizes": [
        {"name": "small", "cpu": "500m", "memory": "1Gi", "idle": "12h"},
        {"name": "large", "cpu": "2", "memory": "4Gi", "idle": "2h"},
    ],
    "volumes": ["2Gi", "<10Gi>"],
}


@pytest.fixture(scope="module")
def placed(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what tests/data/hub/place_a_server.py prints."""
    folder = tmp_path_factory.mktemp("placed")
    (folder / "settings.yaml").write_text(yaml.safe_dump(SETTINGS))
    words = hub_command(wheels, folder, str(DATA / "hub/place_a_server.py"), str(folder / "settings.yaml"))
    found: dict[str, Any] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return found


@pytest.mark.parametrize(
    ("form", "offered", "selected"),
    [
        ("first", ["physics", "physics-dev", "small", "large", "2Gi", "&lt;10Gi&gt;"], []),
        ("again", ["physics", "physics-dev", "small", "large", "2Gi", "&lt;10Gi&gt;"], ["physics-dev", "large", "2Gi"]),
        ("none", [], []),
    ],
)
def test_the_form_offers_what_is_permitted(
    placed: dict[str, Any], form: str, offered: list[str], selected: list[str]
) -> None:
    """The form has the namespaces of the user's groups, all sizes and volumes, and the last choice is selected."""
    options = re.findall(r'<option value="([^"]*)"( selected)?', placed[form])
    assert [value for value, _ in options] == offered
    assert [value for value, marked in options if marked] == selected
    assert ("None of your groups" in placed[form]) is (not offered)


def test_a_choice_sets_the_spawner(placed: dict[str, Any]) -> None:
    """A server gets namespace, CPU, memory, volume and idle time of the choice, and labels of tenant and size."""
    arguments = placed["large"].pop("args")
    assert "--MappingKernelManager.cull_idle_timeout=7200" in arguments
    assert placed["large"] == {
        "namespace": "physics-dev",
        "cpu_guarantee": 2.0,
        "cpu_limit": 2.0,
        "mem_guarantee": 4 * 2**30,
        "mem_limit": 4 * 2**30,
        "storage_capacity": "2Gi",
        "extra_labels": {"bedplate.dev/tenant": "physics", "bedplate.dev/size": "large"},
    }


def test_a_refused_choice_starts_nothing(placed: dict[str, Any]) -> None:
    """A person of no permitted group gets HTTP 403 with the reason, also by the REST API."""
    assert placed["refused"]["status"] == 403
    assert "None of your groups" in placed["refused"]["message"]
