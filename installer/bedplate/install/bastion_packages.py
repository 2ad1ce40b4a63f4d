"""The bastion's Debian packages, installed from files."""

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
    "DPkg::Lock::Timeout=120",  # that of an install which was killed may still be at work
)
POLICY = Path("/usr/sbin/policy-rc.d")
NO_SERVICES = "#!/bin/sh\n# Bedplate installs packages, and starts their services later.\nexit 101\n"


def install_packages(release: dict[str, Any], target: BastionTarget) -> str:
    """Install the bastion's Debian packages from files; no source of packages is asked."""
    there = _installed()
    wanted = [a for a in select_artifacts(release, release["bastion"]["packages"]) if not _is_installed(a["id"], there)]
    if not wanted:
        _allow_services()
        return "all there"
    with tempfile.TemporaryDirectory(dir=target.store) as folder:
        debs = [str(link) for link in link_by_file_name(wanted, Path(folder), target)]
        options = [word for setting in SETTINGS for word in ("-o", setting)]
        with _no_services():
            # After one that was killed, apt-get refuses to begin. What cannot be configured yet is apt-get's to tell.
            subprocess.run(["dpkg", "--configure", "-a"], capture_output=True, env=environment(), check=False)
            run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *options, *debs])
    return ", ".join(a["file"].partition("_")[0] for a in wanted)


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep packages from starting their services: none runs before the installer configured it."""
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
    """Take our policy away, also one that an install left which was killed; another's stays."""
    if POLICY.exists() and POLICY.read_text() == NO_SERVICES:
        POLICY.unlink()


def _installed() -> dict[str, str]:
    form = "${Package} ${Version} ${db:Status-Status}\n"
    lines = run(["dpkg-query", "--show", f"--showformat={form}"]).splitlines()
    rows = [line.split() for line in lines]
    return {row[0]: row[1] for row in rows if row[-1] == "installed"}


def _is_installed(entry: str, there: dict[str, str]) -> bool:
    package, version, _ = entry.removeprefix("deb:").split("_")
    if package not in there:
        return False
    words = ["dpkg", "--compare-versions", there[package], "ge", version]
    return there[package] == version or subprocess.run(words, check=False).returncode == 0
