"""Which installer runs a command on a bastion: the one that came with the environment's release, and no other tree."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from bedplate.artifacts.find_program import INSTALLED
from bedplate.config import environments
from bedplate.config.environment_state import ensure_former_link
from bedplate.core import paths
from bedplate.core.errors import InputError

TREES = "BEDPLATE_TREES"
KNOWS_STATE = Path("installer/bedplate/config/environment_state.py")
"""File of an installer that keeps state in environments/, and needs no link at the former place."""


def refuse_other_trees() -> None:
    """Refuse trees that are not in the signed installer: on a bastion, a release consists of what was signed."""
    if trees := os.environ.get(TREES):
        fact = f"names other source trees ({trees}), which the release's signature does not cover"
        raise InputError(f"variable {TREES}", fact, f"run `unset {TREES}`; trees go into a bundle when it is built")


def use_release_installer(folder: Path) -> None:
    """Replace this process by the installer of the environment's release, unless it is that installer.

    Where that installer is not unpacked, the command that needs it says so.

    Args:
        folder: the environment's folder on the bastion.
    """
    version = _release(folder)
    program = INSTALLED / "installer" / version / "bedplate"
    if not version or not program.is_file() or program.parent.resolve() == paths.SOURCE:
        return
    if not (program.parent / KNOWS_STATE).is_file():
        ensure_former_link(folder.name)
    sys.stderr.write(f"using the installer of release {version}, {program.parent}\n")
    sys.stderr.flush()
    os.execv(program, [str(program), *sys.argv[1:]])  # noqa: S606  no shell


def _release(folder: Path) -> str:
    """Return the version of an environment's release without a build label; empty if it cannot be read."""
    environment = environments.read(folder).environment
    version = environment.release.partition("+")[0] if environment else ""
    return version if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", version) else ""
