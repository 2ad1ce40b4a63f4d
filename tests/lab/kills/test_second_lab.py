"""A second lab beside the first: installed while it is killed again and again, and gone without a trace."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from bedplate.config import environments
from bedplate.lab import lab_address
from bedplate.lab.container import ensure_machine
from factories import ROOT
from factories.standing_lab import Standing, at, bedplate, down

NAME = "bedplate-second"
KILL = "pkill --exact --signal KILL kubeadm && echo killed"
BEGINS_SECONDS = 600


@pytest.fixture(scope="module")
def second(lab: Standing) -> Iterator[lab_address.Lab]:
    """Reserve a second lab; afterwards nothing of it is left."""
    down(NAME)
    made = lab_address.reserve(NAME)
    assert made.network != lab.lab.network
    yield made
    down(NAME)
    listed = [_podman("ps", "-a"), _podman("network", "ls"), _podman("volume", "ls")]
    listed.append(subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout)
    assert [one for one in listed if NAME in one or NAME.replace("-", "_") in one] == []
    assert not any(path.exists() for path in (made.folder, made.environment, made.file, made.lock))
    assert lab.answer("lab", "status", "--name", lab.lab.name)["nodes"] == {"cp1": "Ready", "worker1": "Ready"}


@pytest.mark.parametrize(
    ("machine", "step", "kubeadm"), [("cp1", "control-plane", "killed\n"), ("worker1", "workers", "goes on\n")]
)
def test_an_installation_is_killed(second: lab_address.Lab, machine: str, step: str, kubeadm: str) -> None:
    """The installer is killed in the middle of making a node, kubeadm with it or not: the step is not done."""
    words = [str(ROOT / "bedplate"), "lab", "up", "--name", second.name]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL) as run:
        try:
            _await_kubeadm(second, machine, run)
            lock = environments.load(second.environment).lock
            at(second, "bastion", "kill", "-9", str(json.loads(at(second, "bastion", "cat", str(lock)))["pid"]))
            assert at(second, machine, "sh", "-c", KILL if kubeadm == "killed\n" else "echo goes on") == kubeadm
            run.communicate(timeout=60)
        finally:
            run.kill()
    assert run.returncode != 0
    answer = json.loads(at(second, "bastion", "bedplate", "status", second.name, "--output", "json"))
    assert {one["step"]: one["outcome"] for one in answer["steps"]}[step] == "running"


def test_a_machine_is_killed(second: lab_address.Lab) -> None:
    """The bastion is killed with podman's monitor, which then knows nothing of it: it is started with all it had."""
    site = environments.load(second.environment)
    words = ("inspect", "-f", "{{.State.ConmonPid}} {{.State.Pid}}", second.container(site.bastion.name))
    for pid in _podman(*words).split():
        os.kill(int(pid), signal.SIGKILL)
    found = json.loads(bedplate("lab", "status", "--name", second.name, "--output", "json").stdout)
    assert {name: one["state"] for name, one in found["machines"].items()} == {
        "bastion": "killed",
        "cp1": "running",
        "worker1": "running",
    }
    assert ensure_machine(second, site, site.bastion, "what is there needs no image")


def test_the_next_installation_goes_on_to_its_end(second: lab_address.Lab) -> None:
    """What a killed kubeadm left is cleared away, both nodes come up, and every layer is there."""
    done = bedplate("apply", second.name, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "which was interrupted" in done.stderr
    found = json.loads(bedplate("lab", "status", "--name", second.name, "--output", "json").stdout)
    assert (found["nodes"], found["packets_outside"]) == ({"cp1": "Ready", "worker1": "Ready"}, 0)


def test_labs_do_not_reach_each_other(lab: Standing, second: lab_address.Lab) -> None:
    """A machine of one lab has no way to a machine of the other."""
    there = environments.load(second.environment).bastion.address
    script = f"import socket; socket.create_connection(('{there}', 22), timeout=1)"
    assert "Error" in lab.at("worker1", "sh", "-c", f'python3 -c "{script}" 2>&1', check=False)
    lab.at("worker1", "systemctl", "restart", "bedplate-audit")


def _await_kubeadm(lab: lab_address.Lab, machine: str, run: subprocess.Popen[bytes]) -> None:
    script = "cat /proc/[0-9]*/comm 2>/dev/null"
    end = time.monotonic() + BEGINS_SECONDS
    while "kubeadm" not in at(lab, machine, "sh", "-c", script, check=False).split():
        assert run.poll() is None, "the installation ended before it was killed"
        assert time.monotonic() < end, f"kubeadm did not begin on {machine}"
        time.sleep(0.2)


def _podman(*words: str) -> str:
    return subprocess.run(["podman", *words], capture_output=True, text=True, check=True).stdout
