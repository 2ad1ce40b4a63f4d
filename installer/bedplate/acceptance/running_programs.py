"""What the services of a host really run: the program of each main process, not the file that a link names now."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

PROGRAMS = "/opt/bedplate/"
DELETED = "(deleted)"
NO_FILES = ("/memfd:", "/dev/")
"""Beginnings of what is mapped without a file on a disk, and always looks deleted."""
_PROGRAM = """
import json, os, subprocess, sys
found = {}
for unit in sys.argv[1:]:
    words = ["systemctl", "show", "--property=MainPID", "--value", "--", unit]
    pid = subprocess.run(words, capture_output=True, text=True).stdout.strip()
    if pid in ("", "0"):
        continue  # it has no process: it did its work and ended
    try:
        program = os.readlink(f"/proc/{pid}/exe")
        with open(f"/proc/{pid}/maps") as maps:
            code = [line.rstrip().split(maxsplit=5)[-1] for line in maps if " r-xp " in line and "/" in line]
    except OSError as error:
        program, code = f"unknown ({type(error).__name__})", []
    found[unit] = {"program": program, "code": sorted(set(code))}
print(json.dumps(found))
"""


@dataclass(frozen=True, slots=True)
class RunningProgram:
    """The main process of a service.

    Attributes:
        program: path of its program, followed by `(deleted)` if that file was replaced.
        code: files that it runs code of, marked in the same way.
    """

    program: str
    code: tuple[str, ...]

    def problem(self, versions: Mapping[str, str]) -> str:
        """Return what is wrong with it: replaced, or not the release's version; empty if nothing.

        Args:
            versions: component to the version of its programs in /opt/bedplate.
        """
        if self.program.endswith(DELETED):
            return f"runs {self.program}"
        if self.program.startswith(PROGRAMS):
            component, version = self.program.removeprefix(PROGRAMS).split("/")[:2]
            if versions.get(component) != version:
                return f"runs {self.program}, the release has {versions.get(component, 'no such program')}"
        old = [file for file in self.code if file.endswith(DELETED) and not file.startswith(NO_FILES)]
        return f"runs old code of {', '.join(old)}" if old else ""


def words(units: Sequence[str]) -> list[str]:
    """Return the command, for root on a host, that prints what units run."""
    return ["python3", "-c", _PROGRAM, *units]


def parse(output: str) -> dict[str, RunningProgram]:
    """Return what the command printed, by unit; units without a process are left out."""
    return {unit: RunningProgram(one["program"], tuple(one["code"])) for unit, one in json.loads(output).items()}
