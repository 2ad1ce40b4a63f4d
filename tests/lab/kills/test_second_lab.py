"""A second lab next to the first: its installation is killed and resumes, and `lab down` removes all of it."""

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
from factories.running_lab import RunningLab, at, bedplate, down

NAME = "bedplate-second"
KILL = "pkill --exact --signal KILL kubeadm && echo killed"
START_SECONDS = 600


@pytest.fixture(scope="module")
def second(lab: RunningLab) -> Iterator[lab_address.Lab]:
    """Reserve a second lab; remove it after the tests, and check that nothing is left."""
    down(NAME)
    made = lab_address.reserve_lab(NAME)
    assert made.network != lab.lab.network
    yield made
    down(NAME)
    listed = [_podman("ps", "-a"), _podman("network", "ls"), _podman("volume", "ls")]
    listed.append(subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout)
    assert [text for text in listed if NAME in text or NAME.replace("-", "_") in text] == []
    assert not any(path.exists() for path in (made.folder, made.environment, made.file, made.lock))
    assert lab.answer("lab", "status", "--name", lab.lab.name)["nodes"] == {"cp1": "Ready", "worker1": "Ready"}


@pytest.mark.parametrize(
    ("machine", "step", "kubeadm"), [("cp1", "control-plane", "killed\n"), ("worker1", "workers", "continues\n")]
)
def test_an_installation_that_is_killed_is_not_done(
    second: lab_address.Lab, machine: str, step: str, kubeadm: str
) -> None:
    """After the installer is killed while kubeadm runs (killed as well, or not), the step is not done."""
    words = [str(ROOT / "bedplate"), "lab", "up", "--name", second.name]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL) as run:
        try:
            _await_kubeadm(second, machine, run)
            lock = environments.load(second.environment).lock
            at(second, "bastion", "kill", "-9", str(json.loads(at(second, "bastion", "cat", str(lock)))["pid"]))
            assert at(second, machine, "sh", "-c", KILL if kubeadm == "killed\n" else "echo continues") == kubeadm
            run.communicate(timeout=60)
        finally:
            run.kill()
    assert run.returncode != 0
    answer = json.loads(at(second, "bastion", "bedplate", "status", second.name, "--output", "json"))
    assert {record["step"]: record["outcome"] for record in answer["steps"]}[step] == "running"


def test_a_machine_that_is_killed_is_started_again(second: lab_address.Lab) -> None:
    """The bastion is killed together with podman's monitor, and starts again with its file system."""
    site = environments.load(second.environment)
    words = ("inspect", "-f", "{{.State.ConmonPid}} {{.State.Pid}}", second.container(site.bastion.name))
    for pid in _podman(*words).split():
        os.kill(int(pid), signal.SIGKILL)
    found = json.loads(bedplate("lab", "status", "--name", second.name, "--output", "json").stdout)
    assert {name: machine["state"] for name, machine in found["machines"].items()} == {
        "bastion": "killed",
        "cp1": "running",
        "worker1": "running",
    }
    assert ensure_machine(second, site, site.bastion, "an existing machine needs no image")


def test_the_next_installation_resumes_and_finishes(second: lab_address.Lab) -> None:
    """The next apply removes what a killed kubeadm left; both nodes are Ready and every layer is applied."""
    done = bedplate("apply", second.name, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "which was interrupted" in done.stderr
    found = json.loads(bedplate("lab", "status", "--name", second.name, "--output", "json").stdout)
    assert (found["nodes"], found["packets_outside"]) == ({"cp1": "Ready", "worker1": "Ready"}, 0)


def test_labs_do_not_reach_each_other(lab: RunningLab, second: lab_address.Lab) -> None:
    """A machine of one lab cannot reach a machine of the other."""
    address = environments.load(second.environment).bastion.address
    script = f"import socket; socket.create_connection(('{address}', 22), timeout=1)"
    assert "Error" in lab.at("worker1", "sh", "-c", f'python3 -c "{script}" 2>&1', check=False)
    lab.at("worker1", "systemctl", "restart", "bedplate-audit")


def _await_kubeadm(lab: lab_address.Lab, machine: str, run: subprocess.Popen[bytes]) -> None:
    script = "cat /proc/[0-9]*/comm 2>/dev/null"
    end = time.monotonic() + START_SECONDS
    while "kubeadm" not in at(lab, machine, "sh", "-c", script, check=False).split():
        assert run.poll() is None, "the installation ended before it was killed"
        assert time.monotonic() < end, f"kubeadm did not begin on {machine}"
        time.sleep(0.2)


def _podman(*words: str) -> str:
    return subprocess.run(["podman", *words], capture_output=True, text=True, check=True).stdout
