"""Run mmdebstrap: build a Debian root file system from a folder of packages and nothing else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess

from bedplate.core.command import run

HOOKS = "/usr/share/mmdebstrap/hooks/merged-usr"


def make_root(repository: Path, packages: Sequence[str], architecture: str, epoch: int, out: Path) -> None:
    """Install packages into an empty folder and write it as a tar.

    Args:
        repository: folder with the packages and their index (Packages).
        packages: names of every package in it.
        architecture: as Debian calls it.
        epoch: time of every file that the installation creates (SOURCE_DATE_EPOCH).
        out: the tar.
    """
    settings = [
        "--quiet",
        "--variant=essential",
        "--format=tar",
        f"--architectures={architecture}",
        f"--hook-directory={HOOKS}",
        f"--include={','.join(packages)}",
        # layers contain neither option's files; syncing to disk after each package would triple the time
        "--dpkgopt=force-unsafe-io",
        '--aptopt=APT::Sandbox::User "root"',
    ]
    # every package was checked against the lock before it came into this folder
    source = f"deb [trusted=yes] copy://{repository} ./"
    words: list[str | Path] = [*_without_network(), "mmdebstrap", *settings, "", out, source]
    run(words, env={"SOURCE_DATE_EPOCH": str(epoch), "TMPDIR": str(out.parent), "LC_ALL": "C.UTF-8"})


def _without_network() -> list[str]:
    # only root may use a network namespace; others get a user namespace from mmdebstrap
    return ["unshare", "--net"] if os.geteuid() == 0 else []


def try_root(  # noqa: PLR0913, PLR0917  a repository is named by four of them
    repository: Path, suite: str, component: str, packages: Sequence[str], architecture: str, scratch: Path
) -> CompletedProcess[bytes]:
    """Install packages and what they need from one repository, keep nothing, and return mmdebstrap's output.

    Args:
        repository: folder of an apt repository.
        suite: its only suite.
        component: the suite's only component.
        packages: what to install; apt looks for their dependencies in the repository.
        architecture: as Debian calls it.
        scratch: folder for the temporary root.
    """
    settings = [
        "--verbose",  # otherwise apt's messages about missing packages are lost
        "--variant=essential",
        "--format=null",
        f"--architectures={architecture}",
        f"--hook-directory={HOOKS}",
        f"--include={','.join(['usr-is-merged', *packages])}",
        "--dpkgopt=force-unsafe-io",
        '--aptopt=APT::Sandbox::User "root"',
        '--aptopt=APT::Install-Recommends "false"',
    ]
    # every package was checked against the lock before it came into this folder
    source = f"deb [trusted=yes] copy://{repository} {suite} {component}"
    words: list[str | Path] = [*_without_network(), "mmdebstrap", *settings, "", "/dev/null", source]
    return run(words, env={"TMPDIR": str(scratch), "LC_ALL": "C.UTF-8"}, check=False)
