"""Licences of Go modules, which programs do not name: recorded next to the lock, once per module and version.

`bundle build --record` reads them from the modules' archives while Go has those. go.sum pins the archives, so a
recorded licence stays right. A module without a recorded or recognized licence stays without one.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path

from bedplate.artifacts.go.go_packages import GO
from bedplate.artifacts.package import Package
from bedplate.core.files import write_atomic

FILE = "lock/go-licences.json"
NAME = re.compile(r"(?:UN)?(?:LICEN[CS]E|COPYING)(?:[._-][A-Za-z0-9._-]+)?", re.IGNORECASE)
LARGEST = 1 << 20
TEXTS = {
    "Apache-2.0": r"apache license,? version 2\.0",
    "MPL-2.0": r"mozilla public license,? version 2\.0",
    "MIT": r"permission is hereby granted, free of charge, to any person obtaining a copy of this software",
    "BSD-3-Clause": r"redistribution and use in source and binary forms.*(?:neither the names? of|nor the names? of)",
    "BSD-2-Clause": r"redistribution and use in source and binary forms",
    "ISC": r"permission to use, copy, modify, and(?:/or)? distribute this software for any purpose",
    "Unlicense": r"this is free and unencumbered software released into the public domain",
    "CC0-1.0": r"cc0 1\.0 universal",
}
"""What each licence's text contains, with spaces normalized; the first match counts. Texts: https://spdx.org/licenses/."""


def classify(text: str) -> str:
    """Return the SPDX identifier of a licence's text, '' if it is none of those that Go modules use."""
    plain = " ".join(re.sub(r"[*#\"'>]", " ", text).lower().split())
    return next((name for name, pattern in TEXTS.items() if re.search(pattern, plain)), "")


def read_licences(release_folder: Path) -> dict[str, str]:
    """Return the recorded licences: `module@version` to SPDX expression."""
    path = release_folder / FILE
    known: dict[str, str] = json.loads(path.read_bytes()) if path.is_file() else {}
    return known


def record_licences(release_folder: Path, packages: Iterable[Package], modules: Path) -> int:
    """Record the licences of these packages, as far as Go's module cache has them; return how many lack one."""
    known, recorded = read_licences(release_folder), {}
    names = {
        f"{package.name}@{package.version}": package
        for package in packages
        if package.ecosystem == GO and package.go_sum
    }
    for name, package in sorted(names.items()):
        if licence := known.get(name) or _of_module(package, modules):
            recorded[name] = licence
    write_atomic(release_folder / FILE, json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    return len(names) - len(recorded)


def _of_module(package: Package, modules: Path) -> str:
    """Return the licences in the first folder of a module's archive (https://go.dev/ref/mod#zip-files)."""
    path = modules / "cache/download" / _escaped(package.name) / "@v" / f"{_escaped(package.version)}.zip"
    if not path.is_file():
        return ""
    prefix, texts = f"{package.name}@{package.version}/", []
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if NAME.fullmatch(name.removeprefix(prefix)):
                with archive.open(name) as file:
                    texts.append(file.read(LARGEST).decode(errors="replace"))
    return " AND ".join(sorted({classify(text) for text in texts} - {""}))


def _escaped(name: str) -> str:
    """Return a module path or version as Go's caches spell it: a capital letter becomes `!` and the small one."""
    return re.sub(r"[A-Z]", lambda match: f"!{match[0].lower()}", name)
