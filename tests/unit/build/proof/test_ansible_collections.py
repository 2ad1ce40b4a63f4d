"""A role uses only modules that are carried."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bedplate.build.proof.ansible_collections import check_collections


@pytest.mark.parametrize("file", ["main.yml", "main.yaml"])
def test_a_module_needs_its_collection(file: str, tmp_path: Path) -> None:
    """A role may use ansible-core's modules and those of carried collections, whose own needs are carried too."""
    tasks = tmp_path / "roles/base/tasks"
    tasks.mkdir(parents=True)
    names = ("ansible.builtin.copy", "community.general.ufw", "ours.tools.thing")
    (tasks / file).write_text(json.dumps([{"block": [{name: {}} for name in names]}]))
    ours = tmp_path / "roles/ansible_collections/ours/tools"
    ours.mkdir(parents=True)
    info = {"namespace": "ours", "name": "tools", "version": "1.0.0", "dependencies": {"ansible.posix": ">=1"}}
    (ours / "MANIFEST.json").write_text(json.dumps({"collection_info": info}))
    first, second = map(str, check_collections(tmp_path / "roles"))
    assert first.startswith("collection ours.tools depends on ansible.posix >=1, which is not carried")
    assert f"roles/base/tasks/{file}: module community.general.ufw is of community.general" in second
