"""The lab as its user sees it."""

from __future__ import annotations

import json
import subprocess
import time

from standing import Machine, Standing

from bedplate.lab import address
from bedplate.lab.environment import ensure_environment
from bedplate.lab.machine import ensure_machine
from bedplate.lab.network import ensure_network

CLOCK_SECONDS = 0.5
"""What a machine's own time service may correct meanwhile."""


def test_status_says_ready_and_that_nothing_left(lab: Standing) -> None:
    """Every node is Ready, the release is there, and no packet tried to leave."""
    found = lab.answer("lab", "status", "--name", lab.lab.name)
    assert found["nodes"] == {"cp1": "Ready", "worker1": "Ready"}
    assert found["release"] == lab.site.environment.release
    assert found["packets_outside"] == 0
    assert {machine["state"] for machine in found["machines"].values()} == {"running"}


def test_the_developers_machine_is_as_it_was(lab: Standing) -> None:
    """Sysctls, swap, modules and clock are what they were before the lab came up."""
    now = Machine()
    changed = {
        name: (value, now.settings.get(name, ""))
        for name, value in lab.before.settings.items()
        if now.settings.get(name, value) != value
    }
    assert changed == {}
    assert now.swaps == lab.before.swaps
    assert now.modules >= lab.before.modules
    assert abs(now.clock - lab.before.clock) < CLOCK_SECONDS


def test_a_second_up_is_quick(lab: Standing) -> None:
    """Where all is there, `lab up` builds, copies and changes nothing."""
    began = time.monotonic()
    done = lab.bedplate("lab", "up", "--name", lab.lab.name)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 5 * 60


def test_nothing_comes_from_the_lab_into_the_developers_machine(lab: Standing) -> None:
    """A machine of the lab has no default route, and the developer's machine drops what it sends."""
    assert lab.inside("ip", "route", "show", "default") == ""
    rules = subprocess.run(
        ["nft", "list", "table", "inet", lab.lab.bridge.replace("-", "_")], capture_output=True, check=True
    )
    assert rules.stdout.count(b"drop") == 3


def test_two_labs_stand_side_by_side_and_one_goes_without_a_trace(lab: Standing) -> None:
    """A second lab's machines start beside the first, and `lab down` leaves nothing of them."""
    second = address.reserve("bedplate-second")
    try:
        assert second.network != lab.lab.network
        image = json.loads(_podman("container", "inspect", lab.lab.container("cp1")))[0]["ImageName"]
        site = ensure_environment(second, lab.site.environment.publisher, lab.site.environment.release)
        ensure_network(second)
        ensure_machine(second, site, site.bastion, image)
    finally:
        done = lab.bedplate("lab", "down", "--name", second.name)
    assert done.returncode == 0
    assert second.name not in _podman("ps", "-a") + _podman("network", "ls") + _podman("volume", "ls")
    assert (
        "bedplate_second"
        not in subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
    )
    assert not any(path.exists() for path in (second.folder, second.environment, second.file))
    assert lab.answer("lab", "status", "--name", lab.lab.name)["nodes"] == {"cp1": "Ready", "worker1": "Ready"}


def _podman(*words: str) -> str:
    return subprocess.run(["podman", *words], capture_output=True, text=True, check=True).stdout
