"""Versions in the order of their ecosystem."""

from __future__ import annotations

import re
from typing import Any

import semver
from packaging.version import Version

from bedplate.cve.debian_version import DebianVersion
from bedplate.sbom.package import Ecosystem

LOWEST = "0"
"""What OSV writes for `from the beginning`: https://ossf.github.io/osv-schema/#affectedrangesevents-fields."""
GO_RELEASE = re.compile(r"(?P<numbers>\d+\.\d+(?:\.\d+)?)(?P<stage>rc|beta)(?P<count>\d+)")
"""Go's own pre-releases, such as 1.25rc1."""
SEMVER_NUMBERS = 3


def parse_version(ecosystem: Ecosystem, text: str) -> Any:
    """Return a version that can be compared with others of its ecosystem; ValueError where it is none.

    Sources: deb-version(7), https://packaging.python.org/specifications/version-specifiers/, https://semver.org.
    """
    match ecosystem:
        case Ecosystem.DEBIAN:
            return DebianVersion.parse(text)
        case Ecosystem.PYTHON:
            return Version(text)
        case _:
            return _semver(text)


def _semver(text: str) -> semver.Version:
    plain = text.strip().removeprefix("v").removeprefix("go")
    if match := GO_RELEASE.fullmatch(plain):
        plain = f"{match['numbers']}{'.0' * (2 - match['numbers'].count('.'))}-{match['stage']}.{match['count']}"
    numbers = re.split("[-+]", plain, maxsplit=1)[0]
    missing = ".0" * (SEMVER_NUMBERS - 1 - numbers.count("."))
    return semver.Version.parse(numbers + missing + plain[len(numbers) :])
