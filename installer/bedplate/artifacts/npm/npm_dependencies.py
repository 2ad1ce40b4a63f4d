"""Check that each package-lock.json has what its packages depend on, where Node would find it.

Source: https://docs.npmjs.com/cli/v10/configuring-npm/package-lock-json,
https://nodejs.org/api/modules.html#loading-from-node_modules-folders.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bedplate.core.errors import BedplateError

MODULES = "node_modules/"


def check_npm(folder: Path) -> list[BedplateError]:
    """Return an error for each dependency that a release's package-locks lack.

    Args:
        folder: the release's ``lock/npm``.
    """
    files = sorted(folder.glob("*/package-lock.json"))
    return [error for path in files for error in check_lock(path.parent.name, json.loads(path.read_bytes()))]


def check_lock(name: str, lock: Mapping[str, Any]) -> Iterator[BedplateError]:
    """Yield an error for each dependency of one package-lock that is not in it."""
    packages: Mapping[str, Mapping[str, Any]] = lock["packages"]
    for place, package in packages.items():
        peers = package.get("peerDependencies", {})
        optional = {peer for peer, facts in package.get("peerDependenciesMeta", {}).items() if facts.get("optional")}
        wanted = {**package.get("dependencies", {}), **{k: v for k, v in peers.items() if k not in optional}}
        for dependency, versions in wanted.items():
            if dependency not in package.get("optionalDependencies", {}) and not _is_found(place, dependency, packages):
                who = place.rpartition(MODULES)[2] or package.get("name", "its own package.json")
                fact = f"lacks {dependency} {versions}, which {who} depends on"
                yield BedplateError(f"npm:{name}", fact, "run `bedplate lock`")


def _is_found(place: str, name: str, packages: Mapping[str, Any]) -> bool:
    """Return whether Node finds a package from a folder: in its node_modules, or in those of a parent folder."""
    while True:
        if f"{place}/{MODULES}{name}".lstrip("/") in packages:
            return True
        if not place:
            return False
        place = place.rpartition(MODULES)[0].rstrip("/")
