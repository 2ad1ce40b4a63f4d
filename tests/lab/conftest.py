"""One lab for all of these tests, brought up by the command that people type."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from standing import Machine, Standing, bedplate

from bedplate.lab import address

NAME = "bedplate-test"
KEEP = "BEDPLATE_KEEP_LAB"
"""Set it to find the lab still there after the tests."""
UP_SECONDS = 90 * 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab() -> Iterator[Standing]:
    """The lab, up and checked; afterwards nothing of it is left."""
    if os.geteuid() != 0:
        pytest.skip("a lab needs root")
    before = Machine()
    done = bedplate("lab", "up", "--name", NAME, timeout=UP_SECONDS)
    assert done.returncode == 0, "\n".join((done.stdout + done.stderr).splitlines()[-60:])
    yield Standing(address.find(NAME), before)
    if not os.environ.get(KEEP):
        gone = bedplate("lab", "down", "--name", NAME)
        assert gone.returncode == 0, gone.stderr
