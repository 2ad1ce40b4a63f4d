"""Reports of acceptance runs: their names, which the caller of a forwarded run chooses, and their copies here."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bedplate.config.environments import Site
from bedplate.core.errors import InputError
from bedplate.remote import bastion

FOLDER = "log/acceptance"
"""Folder of the reports, in an environment's state."""
VARIABLE = "BEDPLATE_REPORT"
"""Variable with the name of the report that a forwarded run writes."""
MAX_REPORTS = 50
"""Number of reports that are kept, a new one included; the oldest are deleted."""
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")


def new_name() -> str:
    """Return a new report's name: the time, so that names sort, and the run's id."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}"


def chosen_name() -> str:
    """Return the name that the caller chose for this run's report, or a new one."""
    name = os.environ.pop(VARIABLE, "") or new_name()
    if not _NAME.fullmatch(name):
        raise InputError(f"variable {VARIABLE}", f"is {name!r}, which is not a report's name", "unset it")
    return name


def remove_oldest(folder: Path) -> None:
    """Delete the oldest reports, so that there are MAX_REPORTS with a new one; whatever else is there stays.

    Args:
        folder: the folder of all reports of an environment.
    """
    found = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name)) if folder.is_dir() else []
    for old in found[: 1 - MAX_REPORTS]:
        shutil.rmtree(old)


def run_id(name: str) -> str:
    """Return the id of the run that writes a report, which is in the names of all that the run creates."""
    return name.rpartition("-")[2]


def forward(site: Site, words: Sequence[str], typed: str = "") -> int:
    """Run `bedplate verify` on the bastion and copy the report that it wrote, if it wrote one; return its exit code.

    Args:
        site: the environment.
        words: the arguments of `bedplate`.
        typed: the argument that names the environment, as typed.
    """
    name = new_name()
    code = bastion.forward(site, words, typed, settings={VARIABLE: name})
    copied = bastion.fetch(site, FOLDER, name)
    said = f"Copied to this machine: {copied}" if copied else "The run wrote no report."
    sys.stderr.write(f"{said}\n")
    return code
