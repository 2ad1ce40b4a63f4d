"""Prerequisites of a lab on the developer's machine: root, Debian packages, free disk space."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from bedplate.core import paths
from bedplate.core.command import run
from bedplate.core.errors import BedplateError, InputError

PACKAGES = {
    "podman": "runs the machines as containers",
    "runc": "podman's runtime for this kernel's cgroups",
    "netavark": "creates podman's networks",
    "iptables": "netavark configures networks with it",
    "nftables": "keeps the lab's traffic in the lab",
    "iproute2": "reads the network's state",
    "mmdebstrap": "creates root file systems from Debian packages",
    "openssh-client": "signs the bundle and connects to the bastion",
    "zstd": "compresses image layers",
    "git": "lists the installer's own files",
}
VIRTUAL_MACHINES = {
    "qemu-system-x86": "runs machines with a kernel of their own",
    "fdisk": "partitions their disks",
    "e2fsprogs": "writes files onto their disks",
}
"""What only tests on virtual machines need."""
COLD_GB = 40
WARM_GB = 13
"""The size of a bundle and three machines, if all artifacts are in the cache."""
GB = 1000**3


def ensure_prerequisites(report: Callable[[str], None], *, warm: bool) -> None:
    """Check rights and disk space, then install missing packages.

    Args:
        report: gets a line about what is installed.
        warm: the artifacts are in the cache, so less disk space is needed.
    """
    check_root()
    check_disk(WARM_GB if warm else COLD_GB)
    ensure_packages(report)


def ensure_packages(report: Callable[[str], None], packages: Mapping[str, str] = PACKAGES) -> None:
    """Install the missing packages, after reporting their names.

    Args:
        report: gets a line about what is installed.
        packages: what each package is for, by name.
    """
    missing = check_packages(packages)
    if missing:
        report("installing on this machine: " + ", ".join(f"{name} ({packages[name]})" for name in missing))
        options = ["-y", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0", "-o", "DPkg::Lock::Timeout=120"]
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update"], env=quiet, check=False)
        run(["apt-get", "install", *options, *missing], env=quiet)


def check_root() -> None:
    """Raise InputError unless the user is root: containers with systemd and Kubernetes need that."""
    if os.geteuid() != 0:
        raise InputError("bedplate lab", "must run as root", "run `sudo ./bedplate lab up`")


def check_packages(packages: Mapping[str, str] = PACKAGES) -> list[str]:
    """Return the packages that are missing."""
    done = run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages], check=False)
    installed = {line.split()[0] for line in done.stdout.decode().splitlines() if line.endswith(" installed")}
    return [name for name in packages if name not in installed]


def check_disk(needed: int) -> None:
    """Raise BedplateError unless that many GB are free on the disks of caches and machines."""
    for folder in (paths.cache(), paths.user_state(), Path("/var/lib/containers")):
        existing = next(p for p in (folder, *folder.parents) if p.exists())
        free = shutil.disk_usage(existing).free // GB
        if free < needed:
            raise BedplateError(
                f"disk of {folder}",
                f"has {free} GB free; a lab needs {needed} GB",
                "free some space, or set BEDPLATE_CACHE to a folder on another disk",
            )
