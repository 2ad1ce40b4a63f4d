"""npm packages are read from package.json and package-lock.json."""

from __future__ import annotations

import base64
import json

import pytest

from bedplate.artifacts.npm import npm_packages
from bedplate.artifacts.npm.npm_packages import NpmPackages

PACKAGES = {
    '{"name": "@a/b", "version": "1.0.0", "license": "ISC"}': ("pkg:npm/%40a/b@1.0.0", "ISC"),
    '{"name": "b", "version": "1.0.0", "license": {"type": "MIT"}}': ("pkg:npm/b@1.0.0", "MIT"),
    '{"name": "b", "version": "1.0.0", "licenses": [{"type": "MIT"}, "ISC"]}': ("pkg:npm/b@1.0.0", "MIT OR ISC"),
    '{"name": "b", "version": "1.0.0"}': ("pkg:npm/b@1.0.0", ""),
}


@pytest.mark.parametrize(("text", "expected"), PACKAGES.items())
def test_npm_packages(text: str, expected: tuple[str, str]) -> None:
    """Scoped names and all of npm's old forms of a licence are read."""
    assert [(NpmPackages().purl(one, "").to_string(), one.licence) for one in npm_packages.read_package(text)] == [
        expected
    ]


def test_npm_lock_and_broken_packages() -> None:
    """The lock's integrity becomes a SHA-512; a package.json without name is a test's, not a package."""
    integrity = "sha512-" + base64.b64encode(bytes(64)).decode()
    lock = {"packages": {"": {}, "node_modules/a/node_modules/@b/c": {"version": "1.0.0", "integrity": integrity}}}
    assert [(one.name, one.sha512) for one in npm_packages.read_lock(json.dumps(lock))] == [("@b/c", "00" * 64)]
    assert npm_packages.read_package('{"type": "module"}') == npm_packages.read_package("{") == []
