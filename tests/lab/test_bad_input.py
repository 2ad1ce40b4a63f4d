"""Bad input touches no host."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from standing import Standing

BROKEN = {
    "unknown key": ("name:", "nmae: x\nname:"),
    "wrong type": ("retention: 2d", "retention: [2]"),
    "overlapping ranges": ("pods: 198.18.128.0/17", "pods: 198.18.0.0/16"),
    "bad YAML": ("tenants:", "tenants: ["),
    "missing key": ("domain:", "# domain:"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_environment_stops_before_any_host_is_reached(lab: Standing, tmp_path: Path, what: str) -> None:
    """Exit code 2, one line per error, and the bastion hears nothing."""
    folder = tmp_path / lab.lab.name
    shutil.copytree(lab.lab.environment, folder)
    file = folder / "environment.yaml"
    old, new = BROKEN[what]
    file.write_text(file.read_text().replace(old, new, 1))
    before = _logins(lab)
    done = lab.bedplate("apply", str(folder), "--yes")
    assert done.returncode == 2
    assert all("environment.yaml:" in line for line in done.stderr.splitlines())
    assert _logins(lab) == before


def _logins(lab: Standing) -> str:
    """Return when the environment's folder on the bastion was last replaced, and the runs of its ledger."""
    return lab.inside("sh", "-c", f"stat -c %Z /etc/bedplate/{lab.lab.name}; ls /var/lib/bedplate/{lab.lab.name}/log")
