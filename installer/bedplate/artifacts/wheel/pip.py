"""Run pip: download wheels for the Python of hosts and images, not of the build machine.

The index, proxies and credentials are those of this machine's pip configuration.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bedplate.core.command import run
from bedplate.core.errors import BedplateError
from bedplate.distributions.distribution import Distribution

OLDEST_GLIBC_MINOR = 5


def platforms(target: Distribution) -> list[str]:
    """Return the platform tags of wheels that run on x86_64 with a distribution's C library, best first.

    Wheels with newer tags than its C library do not run (https://peps.python.org/pep-0600/).
    """
    newest_first = range(target.glibc[1], OLDEST_GLIBC_MINOR - 1, -1)
    legacy = ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"]
    return [f"manylinux_2_{minor}_x86_64" for minor in newest_first] + legacy


def download_wheels(
    requirements: Iterable[str],
    into: Path,
    target: Distribution,
    *,
    constraints: Iterable[str] = (),
    closed: bool = False,
) -> None:
    """Download wheels into a folder.

    Args:
        requirements: lines of a requirements file.
        into: the folder.
        target: the distribution that they will run on.
        constraints: versions to keep, "name==version", if they turn out to be needed.
        closed: the requirements are complete and have hashes; resolve nothing else.
    """
    (into / "requirements.txt").write_text("\n".join(requirements) + "\n")
    (into / "constraints.txt").write_text("\n".join(constraints) + "\n")
    words: Sequence[str | Path] = ["--requirement", into / "requirements.txt", "--dest", into]
    if closed:
        words = [*words, "--no-deps", "--require-hashes"]
    else:
        _check_python(target)
        words = [*words, "--constraint", into / "constraints.txt"]
    run([*_pip(), "download", *_target(target), *words])


def _pip() -> list[str]:
    return [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]


def _target(target: Distribution) -> list[str]:
    version = ".".join(str(number) for number in target.python)
    abi = "cp" + version.replace(".", "")
    abis = ["--abi", abi, "--abi", "abi3", "--abi", "none"]
    tags = [word for tag in platforms(target) for word in ("--platform", tag)]
    return ["--only-binary", ":all:", "--python-version", version, "--implementation", "cp", *abis, *tags]


def _check_python(target: Distribution) -> None:
    # pip evaluates environment markers for the Python that runs it, not for the one it downloads for
    if sys.version_info[:2] != target.python:
        wanted = ".".join(str(number) for number in target.python)
        raise BedplateError(
            "pip",
            f"cannot resolve for Python {wanted}, because it runs on another version",
            f"lock with Python {wanted}",
        )
