"""The lab that all of these tests share, created by `bedplate lab up`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate.lab import lab_address, machine_image
from bedplate.remote import bastion
from factories import unavailable
from factories.running_lab import DeveloperMachine, RunningLab, bedplate, down

NAME = "bedplate-test"
KEEP = "BEDPLATE_KEEP_LAB"
"""Set it to keep the lab after the tests."""
FIRST, LAST = "day", "components"
"""Folders: tests that change little run first; tests that install another release run last."""
UP_SECONDS = 90 * 60


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test below this folder, and order its folders."""
    items.sort(key=lambda item: (item.path.parent.name == LAST, item.path.parent.name != FIRST))
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.lab)


@pytest.fixture(scope="session")
def lab() -> Iterator[RunningLab]:
    """Create the lab, and remove it after the tests; remove one that a killed run left first."""
    if os.geteuid() != 0:
        unavailable("a lab needs root")
    if not os.environ.get(KEEP):
        down(NAME)
    before = DeveloperMachine()
    done = bedplate("lab", "up", "--name", NAME, timeout=UP_SECONDS)
    assert done.returncode == 0, "\n".join((done.stdout + done.stderr).splitlines()[-60:])
    yield RunningLab(lab_address.find_lab(NAME), before)
    if not os.environ.get(KEEP):
        others = {lab.name for lab in lab_address.all_labs()} - {NAME}
        down(NAME)
        _nothing_is_left(before, others)


def _nothing_is_left(before: DeveloperMachine, others: set[str]) -> None:
    now = DeveloperMachine()
    assert {name for name, value in before.settings.items() if now.settings.get(name, value) != value} == set()
    assert now.swaps == before.swaps
    listed = "".join(
        subprocess.run(words, capture_output=True, text=True, check=True).stdout
        for words in (["podman", "ps", "-a"], ["podman", "network", "ls"], ["nft", "list", "ruleset"])
    )
    assert NAME not in listed
    assert not bastion.reports_folder(NAME).exists()
    images = subprocess.run(
        ["podman", "image", "ls", "-q", machine_image.NAME], capture_output=True, text=True, check=True
    )
    assert others or images.stdout == ""
