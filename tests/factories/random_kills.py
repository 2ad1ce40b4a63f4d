"""Random kills of an installer in a lab: which process or machine dies, and when, is chosen by a seed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bedplate.config import environments
from bedplate.lab.container import ensure_machine
from bedplate.lab.lab_address import Lab
from factories import ROOT
from factories.running_lab import at

KILLS, SEED = "BEDPLATE_KILLS", "BEDPLATE_KILLS_SEED"
"""Environment variables: the number of kills of each test, and the seed of all of them."""
LONGEST = 90.0
"""Seconds after which a run is killed at the latest; the longest step takes less."""
ROUNDS_PER_KILL = 6
"""A run that ends before its kill is no kill; of so many runs, one is killed."""
ENDS = 600.0
"""Seconds within which a run whose installer is gone ends."""
OWNER = '[ -s "$1" ] && ! flock --nonblock "$1" true && sed \'s/.*"pid": *"\\([0-9]*\\).*/\\1/\' "$1"'
"""Prints the process that holds the environment lock; fails if none does."""


def _installer(lab: Lab, owner: str) -> None:
    """Kill only the installer: what it started is left to itself."""
    at(lab, "bastion", "kill", "-9", owner, check=False)


def _installer_and_children(lab: Lab, owner: str) -> None:
    """Kill the installer and everything in its session, as a lost terminal or the kernel's out-of-memory killer may."""
    script = 'pkill -KILL -s "$(ps -o sid= -p "$1" | tr -d " ")"'
    at(lab, "bastion", "sh", "-c", script, "sh", owner, check=False)


def _tool(lab: Lab, owner: str) -> None:
    """Kill what the installer waits for: Pulumi, Ansible, or kubeadm on a node; if none runs, the installer."""
    found = [machine for machine in ("bastion", "cp1", "worker1") if _kill_tool(lab, machine)]
    if not found:
        _installer(lab, owner)


def _kill_tool(lab: Lab, machine: str) -> bool:
    script = "pkill -KILL '^(pulumi|ansible-playboo|kubeadm)' && echo killed"
    return "killed" in at(lab, machine, "sh", "-c", script, check=False)


def _bastion(lab: Lab, owner: str) -> None:  # noqa: ARG001  as the others
    """Kill the bastion with everything on it, as a power failure does, and start it again."""
    site = environments.load(lab.environment)
    words = ["podman", "inspect", "-f", "{{.State.ConmonPid}} {{.State.Pid}}", lab.container(site.bastion.name)]
    for pid in subprocess.run(words, capture_output=True, text=True, check=True).stdout.split():
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)
    ensure_machine(lab, site, site.bastion, "an existing machine needs no image")


VICTIMS: tuple[Callable[[Lab, str], None], ...] = (_installer, _installer_and_children, _tool, _bastion)


@dataclass
class RandomKills:
    """Kills of one lab.

    Attributes:
        lab: the lab.
        left: how many kills are left.
        seed: the seed.
        done: what was killed, and after how many seconds.
    """

    lab: Lab
    left: int = field(default_factory=lambda: int(os.environ.get(KILLS, "20")))
    seed: int = field(default_factory=lambda: int(os.environ.get(SEED) or random.randrange(2**32)))  # noqa: S311  not a secret
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin at the seed."""
        self._runs = 0
        self._random = random.Random(self.seed)  # noqa: S311  as above

    def run(self, words: Sequence[str], longest: float = LONGEST) -> bool:
        """Run a command of Bedplate and kill it in an apply; return whether it ended by itself, with success."""
        self._runs += 1
        assert self._runs <= ROUNDS_PER_KILL * (len(self.done) + self.left), f"runs end before they are killed: {words}"
        victim, seconds = self._random.choice(VICTIMS), self._random.uniform(0, longest)
        with subprocess.Popen(
            [ROOT / "bedplate", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        ) as run:
            try:
                if self._waits_for_apply(run) and not _ends_within(run, seconds) and (owner := self._owner()):
                    victim(self.lab, owner)
                    self.left -= 1
                    self.done.append(
                        f"{victim.__name__.removeprefix('_')} after {seconds:.1f} s of {' '.join(words[:2])}"
                    )
                return run.wait(ENDS) == 0
            finally:
                run.kill()

    def _waits_for_apply(self, run: subprocess.Popen[bytes]) -> bool:
        """Wait until an apply holds the environment lock; return False if the command ends before."""
        while run.poll() is None:
            if self._owner():
                return True
            time.sleep(0.3)
        return False

    def _owner(self) -> str:
        with suppress(Exception):  # there is no environment or no bastion yet
            lock = str(environments.load(self.lab.environment).lock)
            return at(self.lab, "bastion", "sh", "-c", OWNER, "sh", lock, check=False).strip()
        return ""


def _ends_within(run: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        run.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True
