"""Labs by name and number: lab N has the node network 198.18.N.0/24."""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from bedplate.config.environment_file import DNS_LABEL
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.files import write_atomic
from bedplate.core.locks import lock, try_lock

DEFAULT = "lab"
LABS = 128
"""198.18.128.0 and up belong to the pods."""


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab's names and places on the developer's machine."""

    name: str
    number: int

    @property
    def network(self) -> IPv4Network:
        """Return the range of its machines."""
        return IPv4Network(f"198.18.{self.number}.0/24")

    @property
    def gateway(self) -> IPv4Address:
        """Return the developer's own address in it, which counts as outside."""
        return self.network[1]

    @property
    def bridge(self) -> str:
        """Return the name of its podman network and of its nftables table."""
        return f"bedplate-{self.name}"

    @property
    def file(self) -> Path:
        """Return the file that reserves its number."""
        return _labs() / f"{self.name}.json"

    @property
    def lock(self) -> Path:
        """Return the file whose lock is held while the lab is brought up or down."""
        return _labs() / f"{self.name}.lock"

    @property
    def folder(self) -> Path:
        """Return the folder of its keys, disks and carried bundle."""
        return _labs() / self.name

    @property
    def environment(self) -> Path:
        """Return the folder of its environment, derived from inventory/lab."""
        return paths.user_state() / "inventory" / self.name

    def container(self, machine: str) -> str:
        """Return the name of a machine's container."""
        return f"bedplate-{self.name}-{machine}"


def lab_lock(lab: Lab) -> AbstractContextManager[None]:
    """Hold a lab's lock while it is brought up or down; BedplateError where another command does that."""
    return try_lock(lab.lock, f"lab {lab.name}", "is being changed by another command")


def shared_lock_file() -> Path:
    """Return the file whose lock is held while what all labs share is changed: numbers, and the kernel's settings."""
    return _labs() / "all.lock"


def _labs() -> Path:
    return paths.user_state() / "labs"


def all_labs() -> list[Lab]:
    """Return the labs that exist on this machine."""
    files = sorted(_labs().glob("*.json")) if _labs().is_dir() else []
    return [Lab(file.stem, int(json.loads(file.read_bytes())["number"])) for file in files]


def find_lab(name: str) -> Lab:
    """Return a lab that exists; InputError names those that do."""
    for lab in all_labs():
        if lab.name == name:
            return lab
    known = ", ".join(lab.name for lab in all_labs())
    raise InputError(
        f"lab {name}", "does not exist", f"bedplate lab up --name {name}" + (f"; there are: {known}" * bool(known))
    )


def reserve_lab(name: str) -> Lab:
    """Return a lab by name; a new one gets the first free number (0 is kept for the lab named "lab")."""
    if not re.fullmatch(DNS_LABEL, name):
        raise InputError(f"lab name {name!r}", "is no DNS label", "use lower-case letters, digits and -")
    with lock(shared_lock_file()):
        taken = {lab.name: lab.number for lab in all_labs()}
        if name in taken:
            return Lab(name, taken[name])
        free = [n for n in range(LABS) if n not in taken.values() and (n == 0) == (name == DEFAULT)]
        if not free:
            raise BedplateError(f"lab {name}", "has no free network", "bedplate lab down --name … for another lab")
        write_atomic(Lab(name, free[0]).file, json.dumps({"number": free[0]}) + "\n")
        return Lab(name, free[0])
