"""A running lab, and the state of the developer's machine."""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.hosts import ssh
from bedplate.lab import kernel_settings, lab_address
from factories import ROOT


@dataclass(frozen=True, slots=True)
class DeveloperMachine:
    """The state of the developer's machine, which a lab must not change."""

    settings: dict[str, str] = field(default_factory=kernel_settings.read_settings)
    swaps: str = field(default_factory=lambda: Path("/proc/swaps").read_text())
    modules: frozenset[str] = field(default_factory=lambda: frozenset(p.name for p in Path("/sys/module").iterdir()))
    clock: float = field(default_factory=lambda: time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))


@dataclass(frozen=True, slots=True)
class RunningLab:
    """The lab of the tests.

    Attributes:
        lab: name and number.
        before: the developer's machine before the lab was created.
    """

    lab: lab_address.Lab
    before: DeveloperMachine

    @property
    def site(self) -> Site:
        """Return its environment."""
        return environments.load(self.lab.environment)

    def bedplate(self, *words: str, timeout: float = 1800) -> subprocess.CompletedProcess[str]:
        """Run Bedplate as a user does."""
        return bedplate(*words, timeout=timeout)

    def answer(self, *words: str) -> Any:
        """Return the JSON that a command prints; the command must succeed."""
        done = self.bedplate(*words, "--output", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def inside(self, *words: str, check: bool = True) -> str:
        """Return the output of a command on the bastion."""
        return ssh.run(ssh.bastion(self.site), words, check=check).stdout.decode()

    def at(self, machine: str, *words: str, check: bool = True) -> str:
        """Return the output of a program on a machine, without SSH, which reaches nodes only from the bastion."""
        return at(self.lab, machine, *words, check=check)


def at(lab: lab_address.Lab, machine: str, *words: str, check: bool = True) -> str:
    """Return the output of a program on a machine of any lab, without SSH."""
    words = ("podman", "exec", lab.container(machine), *words)
    return subprocess.run(words, capture_output=True, text=True, check=check).stdout


def bedplate(*words: str, timeout: float = 1800) -> subprocess.CompletedProcess[str]:
    """Run Bedplate and return its exit code and output."""
    return subprocess.run(
        [ROOT / "bedplate", *words],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def down(name: str) -> None:
    """Remove a lab, or the rest of it after a killed run."""
    done = bedplate("lab", "down", "--name", name)
    assert done.returncode == 0, done.stderr
