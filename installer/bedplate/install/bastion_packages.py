"""Installation of the bastion's Debian packages, from files in the store."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .process import environment, run
from .release_json import link_by_file_name, select_artifacts
from .target import BastionTarget

SETTINGS = (
    "Dir::Etc::SourceList=/dev/null",
    "Dir::Etc::SourceParts=/dev/null",
    "APT::Sandbox::User=root",
    "DPkg::Lock::Timeout=120",  # an apt-get of a killed install may still be running
)
POLICY = Path("/usr/sbin/policy-rc.d")
NO_SERVICES = "#!/bin/sh\n# Bedplate installs packages, and starts their services later.\nexit 101\n"
"""Never changed: a later release's install recognizes by it the policy that a killed install left behind."""


def install_packages(release: dict[str, Any], target: BastionTarget) -> str:
    """Install the bastion's Debian packages from files; contact no package repository."""
    installed = _installed()
    wanted = [
        a for a in select_artifacts(release, release["bastion"]["packages"]) if not _is_installed(a["id"], installed)
    ]
    if not wanted:
        _allow_services()
        return "already installed"
    with tempfile.TemporaryDirectory(dir=target.store) as folder:
        debs = [str(link) for link in link_by_file_name(wanted, Path(folder), target)]
        options = [word for setting in SETTINGS for word in ("-o", setting)]
        with _no_services():
            # apt-get refuses to start after a killed dpkg. If this fails, apt-get reports why.
            subprocess.run(["dpkg", "--configure", "-a"], capture_output=True, env=environment(), check=False)
            run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *options, *debs])
    return ", ".join(a["file"].partition("_")[0] for a in wanted)


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep packages from starting their services before the installer has configured them."""
    if not POLICY.exists():
        temporary = POLICY.with_name(f".{POLICY.name}.new")
        temporary.write_text(NO_SERVICES)
        temporary.chmod(0o755)
        temporary.replace(POLICY)
    try:
        yield
    finally:
        _allow_services()


def _allow_services() -> None:
    """Remove our policy, even one that a killed install left behind; keep a policy that is not ours."""
    if POLICY.exists() and POLICY.read_text() == NO_SERVICES:
        POLICY.unlink()


def _installed() -> dict[str, str]:
    form = "${Package} ${Version} ${db:Status-Status}\n"
    lines = run(["dpkg-query", "--show", f"--showformat={form}"]).splitlines()
    rows = [line.split() for line in lines]
    return {row[0]: row[1] for row in rows if row[-1] == "installed"}


def _is_installed(entry: str, installed: dict[str, str]) -> bool:
    package, version, _ = entry.removeprefix("deb:").split("_")
    if package not in installed:
        return False
    words = ["dpkg", "--compare-versions", installed[package], "ge", version]
    return installed[package] == version or subprocess.run(words, check=False).returncode == 0
