"""Names of licences become expressions of SPDX."""

from __future__ import annotations

import pytest

from bedplate.artifacts import spdx

NAMES = {
    "MIT": "MIT",
    "apache license 2.0": "Apache-2.0",
    "BSD-3-Clause AND MIT": "BSD-3-Clause AND MIT",
    "GPL-2": "GPL-2.0-only",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "GPLv3+": "GPL-3.0-or-later",
    "AGPL-3.0-only": "AGPL-3.0-only",
    "SEE LICENSE IN LICENSE": "",
    "Our own licence": "",
    "x" * 200: "",
    "": "",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_licence_names(name: str, expected: str) -> None:
    """What SPDX knows is said in its words; what it does not know is not guessed."""
    assert spdx.from_name(name) == expected
