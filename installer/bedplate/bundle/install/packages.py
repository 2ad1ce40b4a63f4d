"""The bastion's Debian packages, installed from files."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .command import run
from .release import artifacts, linked
from .target import Target


def install_packages(release: dict[str, Any], target: Target) -> str:
    """Install the bastion's Debian packages from files; no source of packages is asked."""
    there = _installed()
    wanted = [a for a in artifacts(release, release["bastion"]["packages"]) if not _is_installed(a["id"], there)]
    if not wanted:
        return "all there"
    with tempfile.TemporaryDirectory(dir=target.store) as folder:
        debs = [str(link) for link in linked(wanted, Path(folder), target)]
        settings = ["Dir::Etc::SourceList=/dev/null", "Dir::Etc::SourceParts=/dev/null", "APT::Sandbox::User=root"]
        options = [word for setting in settings for word in ("-o", setting)]
        with _no_services():
            run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *options, *debs])
    return ", ".join(a["file"].partition("_")[0] for a in wanted)


@contextmanager
def _no_services() -> Iterator[None]:
    """Keep packages from starting their services: none runs before the installer configured it."""
    policy = Path("/usr/sbin/policy-rc.d")
    mine = not policy.exists()
    if mine:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        yield
    finally:
        if mine:
            policy.unlink()


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
