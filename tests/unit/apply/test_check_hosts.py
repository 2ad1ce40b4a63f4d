"""What preflight compares hosts with: the release's own packages, host by host."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bedplate.apply.check_hosts import wanted_hosts
from bedplate.artifacts.load_release import load_release
from bedplate.config import catalog, environments
from factories import DATA

TIME, MIRROR, NODE = {"chrony"}, {"nginx", "nginx-common", "nginx-light"}, {"containerd", "runc"}
OWNED = [
    ("mirror: {}", {"bastion": TIME | MIRROR, "cp1": TIME | NODE, "worker1": TIME | NODE}),
    ("mirror: {replicas: control_plane}", {"bastion": TIME | MIRROR, "cp1": TIME | MIRROR | NODE}),
]
"""Lines of environment.yaml, and the packages that hosts then have in the release's version only."""


@pytest.mark.parametrize(("line", "owned"), OWNED)
def test_each_host_has_the_packages_that_the_release_owns_there(
    line: str, owned: dict[str, set[str]], tmp_path: Path
) -> None:
    """They have the versions of the release's lock; a mirror's replica has the web server, too."""
    shutil.copytree(DATA / "environments/good", tmp_path / "site")
    file = tmp_path / "site" / environments.ENVIRONMENT
    file.write_text(f"{file.read_text()}\n{line}\n")
    release = load_release(catalog.newest())
    wanted = wanted_hosts(environments.load(tmp_path / "site"), release)
    assert {name: {*wanted.pinned_on(name)} for name in owned} == owned
    locked = {entry.id.rpartition("_")[0] for entry in release.lock().entries}
    assert locked >= {f"deb:{package}_{version}" for name in owned for package, version in wanted.pinned[name].items()}
