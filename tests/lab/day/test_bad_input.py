"""Bad input: `bedplate apply` refuses it before it contacts a host."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from factories.running_lab import RunningLab

BROKEN = {
    "unknown key": ("name:", "nmae: x\nname:"),
    "wrong type": ("retention: 2d", "retention: [2]"),
    "overlapping ranges": ("pods: 198.18.128.0/17", "pods: 198.18.0.0/16"),
    "bad YAML": ("tenants:", "tenants: ["),
    "missing key": ("domain:", "# domain:"),
}


@pytest.fixture
def connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file that gets a line for every start of ssh, the only way to a host."""
    calls, program = tmp_path / "connections", tmp_path / "bin/ssh"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$*" >>{calls}\nexec {shutil.which("ssh")} "$@"\n')
    program.chmod(0o755)
    calls.touch()
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return calls


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_environment_is_refused_before_a_host_is_contacted(
    lab: RunningLab, tmp_path: Path, connections: Path, what: str
) -> None:
    """Exit code 2, a line with the place of each error, and no attempt to connect to a host."""
    folder = tmp_path / lab.lab.name
    shutil.copytree(lab.lab.environment, folder)
    file = folder / "environment.yaml"
    old, new = BROKEN[what]
    file.write_text(file.read_text().replace(old, new, 1))
    done = lab.bedplate("apply", str(folder), "--yes")
    assert done.returncode == 2
    errors = [line for line in done.stderr.splitlines() if not line.startswith("  hint: ")]
    assert all("environment.yaml:" in line for line in errors)
    assert errors
    assert connections.read_text() == ""


def test_a_good_environment_is_carried_over_ssh(lab: RunningLab, connections: Path) -> None:
    """The count of connections works: the command of a good environment reaches the bastion."""
    lab.answer("status", lab.lab.name)
    assert "/usr/local/bin/bedplate status" in connections.read_text()
