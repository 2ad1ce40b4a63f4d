"""The door to pip: wheels for the hosts' and images' Python, whatever the build machine is.

The index, proxies and credentials are those that pip is configured with on this machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bedplate.core.command import run
from bedplate.core.errors import BedplateError

PYTHON = (3, 11)
"""Debian 12's Python: on the bastion, and in images that have wheels."""
GLIBC_MINOR = 36
"""Debian 12's C library is 2.36: newer platform tags would not run (https://peps.python.org/pep-0600/)."""
OLDEST_GLIBC_MINOR = 5


def platforms() -> list[str]:
    """Return the platform tags of wheels that run on x86_64 with the hosts' C library, best first."""
    newest_first = range(GLIBC_MINOR, OLDEST_GLIBC_MINOR - 1, -1)
    legacy = ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"]
    return [f"manylinux_2_{minor}_x86_64" for minor in newest_first] + legacy


def download(requirements: Iterable[str], into: Path, *, constraints: Iterable[str] = (), closed: bool = False) -> None:
    """Download wheels into a folder.

    Args:
        requirements: lines of a requirements file.
        into: the folder.
        constraints: versions to keep ("name==version") of whatever turns out to be needed.
        closed: the requirements are complete and have hashes: nothing else is looked for.
    """
    (into / "requirements.txt").write_text("\n".join(requirements) + "\n")
    (into / "constraints.txt").write_text("\n".join(constraints) + "\n")
    words: Sequence[str | Path] = ["--requirement", into / "requirements.txt", "--dest", into]
    if closed:
        words = [*words, "--no-deps", "--require-hashes"]
    else:
        _check_python()
        words = [*words, "--constraint", into / "constraints.txt"]
    run([*_pip(), "download", *_target(), *words])


def _pip() -> list[str]:
    return [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]


def _target() -> list[str]:
    version = ".".join(str(number) for number in PYTHON)
    abi = "cp" + version.replace(".", "")
    abis = ["--abi", abi, "--abi", "abi3", "--abi", "none"]
    tags = [word for tag in platforms() for word in ("--platform", tag)]
    return ["--only-binary", ":all:", "--python-version", version, "--implementation", "cp", *abis, *tags]


def _check_python() -> None:
    # pip evaluates a requirement's environment markers by the Python that runs it, whatever it is told to look for
    if sys.version_info[:2] != PYTHON:
        wanted = ".".join(str(number) for number in PYTHON)
        raise BedplateError("pip", f"resolves for Python {wanted} only if it runs on it", f"lock with Python {wanted}")
