"""Labs by name and number: lab N has the network 198.18.N.0/24."""

from __future__ import annotations

import json
import re
from contextlib import AbstractContextManager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from bedplate.config import environments
from bedplate.config.environment_file import DNS_LABEL
from bedplate.core import paths
from bedplate.core.errors import BedplateError, InputError
from bedplate.core.files import write_atomic
from bedplate.core.locks import lock, try_lock

DEFAULT = "lab"
MAX_LABS = 128
"""198.18.128.0 and up are the pods' addresses."""


@dataclass(frozen=True, slots=True)
class Lab:
    """The names and paths of a lab on the developer's machine."""

    name: str
    number: int

    @property
    def title(self) -> str:
        """Return what to call it in a sentence: the default lab needs no name."""
        return "the lab" if self.name == DEFAULT else f"lab {self.name}"

    @property
    def option(self) -> str:
        """Return the option that names it on a command line, empty for the default lab."""
        return "" if self.name == DEFAULT else f" --name {self.name}"

    @property
    def network(self) -> IPv4Network:
        """Return the address range of its machines."""
        return IPv4Network(f"198.18.{self.number}.0/24")

    @property
    def gateway(self) -> IPv4Address:
        """Return the developer's machine's address in it, which counts as outside."""
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
        """Return the file that is locked while a command creates or removes the lab."""
        return _labs() / f"{self.name}.lock"

    @property
    def folder(self) -> Path:
        """Return the folder of its keys, its disks and the bundle that it installs."""
        return _labs() / self.name

    @property
    def environment(self) -> Path:
        """Return the folder of its environment, a copy of inventory/lab."""
        return environments.labs_folder() / self.name

    def container(self, machine: str) -> str:
        """Return the name of a machine's container."""
        return f"bedplate-{self.name}-{machine}"


def lab_lock(lab: Lab) -> AbstractContextManager[None]:
    """Hold a lab's lock while creating or removing it; BedplateError if another command holds it."""
    return try_lock(lab.lock, f"lab {lab.name}", "is being changed by another command")


def shared_lock_file() -> Path:
    """Return the file that is locked while the labs' numbers or the kernel's settings are changed.

    Its name has a dot in front, so that it is not the lock of a lab.
    """
    return _labs() / ".all.lock"


def _labs() -> Path:
    return paths.user_state() / "labs"


def all_labs() -> list[Lab]:
    """Return the labs on this machine."""
    files = sorted(_labs().glob("*.json")) if _labs().is_dir() else []
    return [Lab(file.stem, int(json.loads(file.read_bytes())["number"])) for file in files]


def find_lab(name: str) -> Lab:
    """Return a lab by name; InputError lists the existing labs if there is no such lab."""
    for lab in all_labs():
        if lab.name == name:
            return lab
    existing = ", ".join(lab.name for lab in all_labs())
    option = "" if name == DEFAULT else f" --name {name}"
    hint = f"start it with `bedplate lab up{option}`" + (f"; existing labs: {existing}" if existing else "")
    raise InputError(f"lab {name}", "does not exist", hint)


def reserve_lab(name: str) -> Lab:
    """Return a lab by name; a new lab gets the first free number (0 is reserved for the lab named "lab")."""
    if not re.fullmatch(DNS_LABEL, name):
        raise InputError(f"lab name {name!r}", "is not a DNS label", "use lowercase letters, digits and hyphens")
    with lock(shared_lock_file()):
        taken = {lab.name: lab.number for lab in all_labs()}
        if name in taken:
            return Lab(name, taken[name])
        free = [n for n in range(MAX_LABS) if n not in taken.values() and (n == 0) == (name == DEFAULT)]
        if not free:
            raise BedplateError(
                f"lab {name}",
                "cannot get a network: all are in use",
                "remove another lab with `bedplate lab down --name NAME`",
            )
        write_atomic(Lab(name, free[0]).file, json.dumps({"number": free[0]}) + "\n")
        return Lab(name, free[0])
