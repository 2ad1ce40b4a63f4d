"""Versions of Go modules and npm packages: https://semver.org."""

from __future__ import annotations

import re

import semver

GO_RELEASE = re.compile(r"(?P<numbers>\d+\.\d+(?:\.\d+)?)(?P<stage>rc|beta)(?P<count>\d+)")
"""Go's own pre-releases, such as 1.25rc1."""
NUMBERS = 3


def parse_semantic(text: str) -> semver.Version:
    """Return a version; raise ValueError if it is not one."""
    plain = text.strip().removeprefix("v").removeprefix("go")
    if match := GO_RELEASE.fullmatch(plain):
        plain = f"{match['numbers']}{'.0' * (2 - match['numbers'].count('.'))}-{match['stage']}.{match['count']}"
    numbers = re.split("[-+]", plain, maxsplit=1)[0]
    missing = ".0" * (NUMBERS - 1 - numbers.count("."))
    return semver.Version.parse(numbers + missing + plain[len(numbers) :])
