"""npm packages inside artifacts: the package.json of each installed one, and the lock."""

from __future__ import annotations

import base64
import json
import re
from typing import IO, Any

import semver

from bedplate.artifacts import spdx
from bedplate.artifacts.ecosystem import Ecosystem, read_text
from bedplate.artifacts.package import Package
from bedplate.artifacts.semantic_version import parse_semantic

NPM = "npm"
SHA512 = "sha512-"
PACKAGE = re.compile(r"(?:.*/)?node_modules/(?:@[^/]+/)?[^/@]+/package\.json")


class NpmPackages(Ecosystem):
    """The ecosystem of npm packages."""

    purl_type = NPM
    osv_name = "npm"

    def has_metadata(self, path: str, size: int) -> bool:
        """Return whether it is the package.json of an installed package."""
        return PACKAGE.fullmatch(path) is not None

    def read_packages(self, file: IO[bytes]) -> list[Package]:
        """Return the package."""
        return read_package(read_text(file))

    def parse_version(self, text: str) -> semver.Version:
        """Return a version."""
        return parse_semantic(text)


def read_package(text: str) -> list[Package]:
    """Return the package of a package.json (https://docs.npmjs.com/cli/configuring-npm/package-json), if it is one."""
    try:
        said: dict[str, Any] = json.loads(text)
        known = {"name": str(said["name"]), "version": str(said["version"])}
    except (ValueError, KeyError, TypeError):
        return []
    return [Package(ecosystem=NPM, licence=spdx.from_name(_name(said)), **known)]


def _name(said: dict[str, Any]) -> str:
    """Return the licence's name; old packages have an object or a list."""
    value = said.get("license") or said.get("licenses") or ""
    if isinstance(value, list):
        names = [one.get("type", "") if isinstance(one, dict) else str(one) for one in value]
        return f"({' OR '.join(names)})" if names else ""
    return str(value.get("type", "")) if isinstance(value, dict) else str(value)


def read_lock(text: str) -> list[Package]:
    """Return the packages of a package-lock.json (version 2 or 3) that have a SHA-512."""
    packages: dict[str, dict[str, Any]] = json.loads(text)["packages"]
    return [
        Package(
            ecosystem=NPM,
            name=place.rpartition("node_modules/")[2],
            version=locked["version"],
            sha512=base64.b64decode(locked["integrity"].removeprefix(SHA512)).hex(),
        )
        for place, locked in packages.items()
        if locked.get("integrity", "").startswith(SHA512)
    ]
