"""The door to mmdebstrap: a Debian root file system from a folder of packages, and from nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from bedplate.tools.command import run

HOOKS = "/usr/share/mmdebstrap/hooks/merged-usr"


def make_root(repository: Path, packages: Sequence[str], architecture: str, epoch: int, out: Path) -> None:
    """Install packages into an empty folder and write it as a tar.

    Args:
        repository: folder with the packages and their index (Packages).
        packages: names of every package in it.
        architecture: as Debian calls it.
        epoch: time of every file that installing makes (SOURCE_DATE_EPOCH).
        out: the tar.
    """
    settings = [
        "--quiet",
        "--variant=essential",
        "--format=tar",
        f"--architectures={architecture}",
        f"--hook-directory={HOOKS}",
        f"--include={','.join(packages)}",
        # both end in files that no layer takes; syncing to disk after each package would triple the time
        "--dpkgopt=force-unsafe-io",
        '--aptopt=APT::Sandbox::User "root"',
    ]
    # every package was checked against the lock before it came into this folder
    source = f"deb [trusted=yes] copy://{repository} ./"
    words: list[str | Path] = [*_without_network(), "mmdebstrap", *settings, "", out, source]
    run(words, env={"SOURCE_DATE_EPOCH": str(epoch), "TMPDIR": str(out.parent), "LC_ALL": "C.UTF-8"})


def _without_network() -> list[str]:
    # only root may leave the network behind; mmdebstrap gives others a user namespace of its own
    return ["unshare", "--net"] if os.geteuid() == 0 else []
