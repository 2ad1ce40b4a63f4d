"""The second probe: what the site itself has configured on one host; runs there as ``python3 - PARAMETERS``.

It uses the standard library only, and changes nothing. PARAMETERS is JSON: {"settings": [names of kernel settings],
"list_held": [shell commands that print packages on hold; those of other distributions print nothing],
"query_packages": [shell commands that print name and version of those of their arguments that are installed],
"pinned": [names of packages that the release has in one version only]}.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

SETTING_FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
"""In the order of sysctl.d(5): a file hides files of the same name in later folders."""
PROCPS_FILE = "/etc/sysctl.conf"
"""systemd reads it only through a link in /etc/sysctl.d; `sysctl --system` of procps reads it after all others."""
ASSIGNMENT = re.compile(r"^\s*-?\s*([^#;\s=]+)\s*=\s*(.*?)\s*$", re.MULTILINE)


def read(path: str | Path) -> str:
    """Return a file's text, or '' if it cannot be read."""
    try:
        return Path(path).read_text(errors="replace")
    except OSError:
        return ""


def output(*words: str) -> list[str]:
    """Return the lines that a program prints; none if it is not there."""
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout.splitlines()
    except OSError:
        return []


def setting_files() -> list[str]:
    """Return the files with kernel settings, in the order in which they are applied."""
    files: dict[str, str] = {}
    for folder in SETTING_FOLDERS:
        for path in sorted(Path(folder).glob("*.conf")):
            files.setdefault(path.name, str(path))
    ordered = [files[name] for name in sorted(files)]
    return [path for path in ordered if os.path.realpath(path) != PROCPS_FILE] + [PROCPS_FILE]


def setting_lines(names: list[str]) -> list[dict[str, str]]:
    """Return the lines that set some kernel settings, in the order in which they are applied."""
    wanted = {name.replace("/", "."): name for name in names}
    return [
        {"name": wanted[setting.replace("/", ".")], "value": value, "file": file}
        for file in setting_files()
        for setting, value in ASSIGNMENT.findall(read(file))
        if setting.replace("/", ".") in wanted
    ]


def swap_units() -> list[str]:
    """Return the units that turn swap on at boot."""
    if any("masked" in line for line in output("systemctl", "is-enabled", "swap.target")):
        return []
    listed = output("systemctl", "list-units", "--type=swap", "--all", "--plain", "--no-legend", "--full")
    return sorted(line.split()[0] for line in listed if line.split()[1:2] == ["loaded"])


def held(commands: list[str]) -> list[str]:
    """Return the packages that may not be changed."""
    return sorted({name for command in commands for line in output("sh", "-c", command) for name in line.split()})


def versions(commands: list[str], names: list[str]) -> dict[str, str]:
    """Return the versions of those packages that are installed."""
    lines = [line.split() for command in commands for line in output("sh", "-c", command, "sh", *names)]
    return {words[0]: words[1] for words in lines if len(words) == 2}  # noqa: PLR2004  name and version


def gather(parameters: dict[str, list[str]]) -> dict[str, object]:
    """Return all facts."""
    return {
        "settings": {name: read("/proc/sys/" + name.replace(".", "/")).strip() for name in parameters["settings"]},
        "setting_lines": setting_lines(parameters["settings"]),
        "swap_units": swap_units(),
        "held": held(parameters["list_held"]),
        "versions": versions(parameters["query_packages"], parameters["pinned"]),
    }


if __name__ == "__main__":
    json.dump(gather(json.loads(sys.argv[1])), sys.stdout)
