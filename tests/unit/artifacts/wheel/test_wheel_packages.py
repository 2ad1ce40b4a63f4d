"""Python packages are read from their metadata."""

from __future__ import annotations

import pytest

from bedplate.artifacts.wheel import wheel_packages
from bedplate.artifacts.wheel.wheel_packages import PythonPackages

METADATA = {
    "License-Expression: MIT\nLicense: something": "MIT",
    "License: BSD": "",
    "License: Apache 2.0": "Apache-2.0",
    "Classifier: License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: BSD License": "",
}


@pytest.mark.parametrize(("fields", "expected"), METADATA.items())
def test_licence_of_a_wheel(fields: str, expected: str) -> None:
    """The expression counts before the free text, and that before the one classifier."""
    found = wheel_packages.read_metadata(f"Metadata-Version: 2.4\nName: Tiny_Wheel\nVersion: 1.0\n{fields}\n\nText\n")
    assert (found.licence, PythonPackages().purl(found, "").to_string()) == (expected, "pkg:pypi/tiny-wheel@1.0")
