"""What a lab needs from the developer's machine: root, Debian packages, free disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from bedplate.core import paths
from bedplate.core.command import run
from bedplate.core.errors import BedplateError, InputError

PACKAGES = {
    "podman": "runs the machines as containers",
    "runc": "podman's runtime that knows this kernel's cgroups",
    "netavark": "podman's networks",
    "iptables": "netavark writes a network's rules with it",
    "nftables": "keeps the lab's traffic in the lab",
    "iproute2": "reads the network",
    "mmdebstrap": "makes the first root of Debian packages",
    "openssh-client": "signs the bundle and reaches the bastion",
    "zstd": "packs layers",
    "git": "lists the installer's own files",
}
COLD_GB = 40
WARM_GB = 13
"""What bundle and three machines take when all artifacts are in the cache."""
GB = 1000**3


def ensure_prerequisites(say: Callable[[str], None], *, warm: bool) -> None:
    """Ensure the packages, after disk and rights were checked.

    Args:
        say: tells the user what is installed.
        warm: the artifacts are built already, so that less disk is needed.
    """
    check_root()
    check_disk(WARM_GB if warm else COLD_GB)
    ensure_packages(say)


def ensure_packages(say: Callable[[str], None]) -> None:
    """Ensure the packages; those that were missing are named first."""
    missing = check_packages()
    if missing:
        say("installing on this machine: " + ", ".join(f"{name} ({PACKAGES[name]})" for name in missing))
        options = ["-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120"]
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update"], env=quiet, check=False)
        run(["apt-get", "install", *options, *missing], env=quiet)


def check_root() -> None:
    """Raise unless this is root: containers that run systemd and Kubernetes need it."""
    if os.geteuid() != 0:
        raise InputError("bedplate lab", "needs root", "sudo ./bedplate lab up")


def check_packages() -> list[str]:
    """Return the packages that are not installed."""
    done = run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *PACKAGES], check=False)
    there = {line.split()[0] for line in done.stdout.decode().splitlines() if line.endswith(" installed")}
    return [name for name in PACKAGES if name not in there]


def check_disk(needed: int) -> None:
    """Raise unless so many GB are free where caches and machines live."""
    for folder in (paths.cache(), paths.user_state(), Path("/var/lib/containers")):
        existing = next(p for p in (folder, *folder.parents) if p.exists())
        free = shutil.disk_usage(existing).free // GB
        if free < needed:
            raise BedplateError(
                f"disk of {folder}", f"has {free} GB free; a lab needs {needed} GB", "free some, or set BEDPLATE_CACHE"
            )
