"""The probe that reads a host's state; runs there as ``python3 - QUESTIONS``, standard library only, changes nothing.

QUESTIONS is JSON; see HostQuestions. It prints one JSON object: each item, such as "file /etc/hosts", to a short text
that is the same while the item is. No content is printed, only digests.
"""

from __future__ import annotations

import glob
import hashlib
import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

LARGE = 1 << 20
"""Bytes from which a file, such as a program, is compared by size and time: reading all programs would take seconds."""
BEGIN, END = "# BEGIN Bedplate\n", "# END Bedplate\n"
MISSING = "missing"
CHECK_SECONDS = 15
COUNTS = ("handle", "packets", "bytes", "expires")
"""Parts of nft's JSON that change without anybody changing the rules."""


def digest(data: bytes) -> str:
    """Return a digest that is long enough to tell an accident."""
    return hashlib.sha256(data).hexdigest()[:32]


def output(words: list[str]) -> str:
    """Return what a program prints; nothing if it fails or does not exist."""
    try:
        return subprocess.run(words, capture_output=True, text=True, check=False).stdout
    except OSError:
        return ""


def owner(info: Any) -> str:
    """Return a file's mode and owner."""
    return f"{stat.S_IMODE(info.st_mode):04o} {info.st_uid}:{info.st_gid}"


def file(name: str) -> str:
    """Return a file's content, mode and owner; for a link, where it points."""
    path = Path(name)
    try:
        info = path.lstat()
        if stat.S_ISLNK(info.st_mode):
            return f"link to {path.readlink()}"
        if stat.S_ISDIR(info.st_mode):
            return f"folder {owner(info)}"
        content = f"{info.st_size} {info.st_mtime_ns}" if info.st_size > LARGE else digest(path.read_bytes())
    except OSError as error:
        return MISSING if isinstance(error, FileNotFoundError) else str(error.strerror)
    return f"{content} {owner(info)}"


def names(name: str) -> str:
    """Return the paths that match a pattern, of which only those of the roles may exist."""
    return " ".join(sorted(glob.glob(name))) or "none"  # noqa: PTH207  pathlib's takes no absolute patterns


def lines(name: str) -> str:
    """Return the lines of a file that match a regular expression; both are in the name, with a space between."""
    path, _, expression = name.partition(" ")
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "none"
    found = [line for line in text.splitlines() if re.search(expression, line)]
    return digest("\n".join(found).encode()) if found else "none"


def block(name: str) -> str:
    """Return the part of a file that Bedplate owns, with the file's mode and owner."""
    try:
        text, info = Path(name).read_text(encoding="utf-8", errors="replace"), Path(name).stat()
    except OSError:
        return MISSING
    part = text.partition(BEGIN)[2].partition(END)
    return f"{digest(part[0].encode())} {owner(info)}" if part[1] else MISSING


def units(names: list[str]) -> dict[str, str]:
    """Return for each systemd unit whether it runs and whether it starts at boot."""
    shown = output(["systemctl", "show", "--property=ActiveState,UnitFileState", "--", *names]) if names else ""
    states = [dict(line.split("=", 1) for line in part.splitlines()) for part in shown.strip().split("\n\n")]
    return {
        name: f"{state.get('ActiveState', '')} {state.get('UnitFileState', '')}"
        for name, state in zip(names, states, strict=False)
    }


def setting(name: str) -> str:
    """Return a kernel setting."""
    try:
        return Path("/proc/sys", name.replace(".", "/")).read_text(encoding="ascii").strip()
    except OSError:
        return MISSING


def table(name: str) -> str:
    """Return the rules of an nftables table, without counts and without what its rules collect."""
    listed = output(["nft", "-j", "list", "table", *name.split()])
    if not listed:
        return MISSING
    items = json.loads(listed)["nftables"][1:]
    return digest(json.dumps(without_counts(items, collected(items))).encode())


def collected(value: Any) -> set[str]:
    """Return the names of the sets that rules in a part of nft's JSON add elements to; not every nft flags them."""
    if isinstance(value, list):
        return {name for item in value for name in collected(item)}
    if not isinstance(value, dict):
        return set()
    own = {str(value["set"]).lstrip("@")} if value.get("op") in {"add", "update"} and "set" in value else set()
    return own.union(*(collected(item) for item in value.values()))


def without_counts(value: Any, sets: set[str]) -> Any:
    """Return a part of nft's JSON without what packets and time change: counts, ages, and elements of some sets."""
    if isinstance(value, list):
        return [without_counts(item, sets) for item in value]
    if not isinstance(value, dict):
        return value
    left_out = {*COUNTS, "elem"} if value.get("name") in sets else {*COUNTS}
    return {key: without_counts(item, sets) for key, item in value.items() if key not in left_out}


def route(name: str) -> str:
    """Return the routes to a range."""
    found = output(["ip", "-o", "-4", "route", "show", "table", "main", "exact", name])
    return "; ".join(sorted(" ".join(line.split()) for line in found.splitlines())) or MISSING


def check(name: str) -> str:
    """Return what a check prints; nothing if it fails or takes too long, as a host that is silent counts as gone."""
    try:
        done = subprocess.run(name.split(), capture_output=True, text=True, check=False, timeout=CHECK_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def packages(command: str, names: list[str]) -> dict[str, str]:
    """Return the versions of installed packages, as the distribution's command prints them."""
    printed = output(["sh", "-c", command, "sh", *names]) if names else ""
    found = dict(line.split(" ", 1) for line in printed.splitlines() if " " in line)
    return {name: found.get(name, MISSING) for name in names}


def answers(questions: dict[str, Any]) -> dict[str, str]:
    """Return the state of every item that is asked for."""
    alone = {"file": (file, "files"), "block": (block, "blocks"), "setting": (setting, "settings")}
    alone |= {"names": (names, "names"), "lines": (lines, "lines")}
    alone |= {"table": (table, "tables"), "route": (route, "routes"), "check": (check, "checks")}
    found = {f"{kind} {name}": read(name) for kind, (read, key) in alone.items() for name in questions[key]}
    found |= {f"unit {name}": state for name, state in units(questions["units"]).items()}
    installed = packages(questions["package_command"], questions["packages"])
    return found | {f"package {name}": version for name, version in installed.items()}


if __name__ == "__main__":
    json.dump(answers(json.loads(sys.argv[1])), sys.stdout)
