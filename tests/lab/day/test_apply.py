"""`bedplate apply` in the lab: steps are skipped and repeated, and a killed apply resumes."""

from __future__ import annotations

import json
import subprocess
import time

from bedplate.hosts import ssh
from factories import ROOT
from factories.running_lab import RunningLab


def test_a_second_apply_skips_everything_in_twenty_seconds(lab: RunningLab) -> None:
    """Keys and probes show that every step is done, so none runs again."""
    began = time.monotonic()
    found = lab.answer("apply", lab.lab.name, "--yes")
    assert time.monotonic() - began <= 20
    assert found["ran"] == {}
    assert len(found["skipped"]) >= 9


def test_all_steps_change_nothing(lab: RunningLab) -> None:
    """Every step runs and reports no change: host roles and stacks are idempotent."""
    found = lab.answer("apply", lab.lab.name, "--yes", "--all-steps")
    assert found["skipped"] == []
    assert {step: changed for step, changed in found["ran"].items() if changed} == {}


def test_a_killed_apply_resumes(lab: RunningLab) -> None:
    """After an apply is killed in a step, the next one reports the interruption, resumes and finishes."""
    words = [str(ROOT / "bedplate"), "apply", lab.lab.name, "--yes", "--all-steps"]
    lock = str(lab.site.lock)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL) as run:
        owner = _owner(lab, lock)
        time.sleep(12)
        lab.inside("kill", "-9", owner)
        run.wait(60)
    done = lab.bedplate("apply", lab.lab.name, "--yes", "--output", "json")
    assert done.returncode == 0, done.stderr
    assert "was interrupted" in done.stderr
    assert len(json.loads(done.stdout)["ran"]) >= 1
    assert lab.answer("apply", lab.lab.name, "--yes")["ran"] == {}


def _owner(lab: RunningLab, lock: str) -> str:
    for _ in range(100):
        text = lab.inside("cat", lock, check=False)
        if text.strip():
            return str(json.loads(text)["pid"])
        time.sleep(0.1)
    raise AssertionError("apply did not take its lock")


def test_two_applies_at_once_are_refused(lab: RunningLab) -> None:
    """The second is refused, names the first, and changes nothing."""
    target = ssh.bastion(lab.site)
    script = f"exec 9>>{lab.site.lock}; flock 9; echo held; sleep 20"
    with subprocess.Popen(ssh.argv(target, ["bash", "-c", script]), stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"held\n"
        done = lab.bedplate("apply", lab.lab.name, "--yes")
        holder.kill()
    assert done.returncode == 1
    assert "is being changed by another apply" in done.stderr
