"""Try to install packages with apt from one repository alone, into an empty root, without a network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from bedplate.core.errors import BedplateError
from bedplate.distributions.debian import apt_repository, mmdebstrap

UNMET = re.compile(r"^ ?(?P<package>[a-z0-9][a-z0-9+.-]+) : (?P<need>(?:Pre)?-?Depends: .+)$", re.MULTILINE)
MISSING = re.compile(r"^E: (?:Unable to locate package |Package ')(?P<package>[a-z0-9+.-]+)", re.MULTILINE)
HINT = "run `bedplate lock`"
TAIL = 20


def try_installation(
    repository: Path, packages: Sequence[str], architecture: str, scratch: Path
) -> list[BedplateError]:
    """Install packages and return what keeps them from it (see Distribution)."""
    suite, component = apt_repository.SUITE, apt_repository.COMPONENT
    done = mmdebstrap.try_root(repository, suite, component, packages, architecture, scratch)
    if done.returncode == 0:
        return []
    output = (done.stdout + done.stderr).decode(errors="replace")
    tail = "\n".join(output.splitlines()[-TAIL:])
    whole = BedplateError("installation of the hosts' packages", f"failed in a clean root:\n{tail}", HINT)
    return missing_packages(output) or [whole]


def missing_packages(output: str) -> list[BedplateError]:
    """Return what apt says is missing, as errors."""
    unmet_needs = {(match["package"], match["need"]) for match in UNMET.finditer(output)}
    unmet = [
        BedplateError(f"package {package}", f"cannot be installed from the bundle alone: {need}", HINT)
        for package, need in sorted(unmet_needs)
    ]
    absent = sorted({match["package"] for match in MISSING.finditer(output)})
    return unmet + [BedplateError(f"package {name}", "is not in the bundle", HINT) for name in absent]
