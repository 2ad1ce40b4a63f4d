"""A lab that stands, and the developer's machine beside it."""

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
class Machine:
    """What a lab must leave as it was on the developer's machine."""

    settings: dict[str, str] = field(default_factory=kernel_settings.read)
    swaps: str = field(default_factory=lambda: Path("/proc/swaps").read_text())
    modules: frozenset[str] = field(default_factory=lambda: frozenset(p.name for p in Path("/sys/module").iterdir()))
    clock: float = field(default_factory=lambda: time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))


@dataclass(frozen=True, slots=True)
class Standing:
    """The lab of the tests.

    Attributes:
        lab: name and number.
        before: the developer's machine before the lab was there.
    """

    lab: lab_address.Lab
    before: Machine

    @property
    def site(self) -> Site:
        """Return its environment."""
        return environments.load(self.lab.environment)

    def bedplate(self, *words: str, timeout: float = 1800) -> subprocess.CompletedProcess[str]:
        """Run Bedplate as a person does."""
        return bedplate(*words, timeout=timeout)

    def answer(self, *words: str) -> Any:
        """Return what a command that must succeed prints as JSON."""
        done = self.bedplate(*words, "--output", "json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def inside(self, *words: str, check: bool = True) -> str:
        """Return what a command on the bastion prints."""
        return ssh.run(ssh.bastion(self.site), words, check=check).stdout.decode()

    def at(self, machine: str, *words: str, check: bool = True) -> str:
        """Return what a program prints at a machine's own console: SSH reaches nodes from the bastion alone."""
        return at(self.lab, machine, *words, check=check)


def at(lab: lab_address.Lab, machine: str, *words: str, check: bool = True) -> str:
    """Return what a program prints at the console of a machine of any lab."""
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
    """Remove a lab, or what a killed run left of it."""
    done = bedplate("lab", "down", "--name", name)
    assert done.returncode == 0, done.stderr
