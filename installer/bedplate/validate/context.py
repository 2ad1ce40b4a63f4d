"""What the rules of `bedplate check` look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bedplate.config.environment_file import Environment
from bedplate.config.hosts import Host
from bedplate.config.yaml_document import Document, Location
from bedplate.core.errors import BedplateError, InputError, Place


@dataclass(frozen=True, slots=True)
class Case:
    """An environment that has the right form, as far as it could be read.

    Attributes:
        folder: the environment's folder.
        file: environment.yaml with positions.
        environment: environment.yaml.
        hosts_file: hosts.yaml with positions; None where it could not be read.
        hosts: the machines.
        hosts_complete: hosts.yaml had no error, so that what is not in it does not exist.
        on_bastion: the folder is a bastion's own, so that absolute places can be looked at.
    """

    folder: Path
    file: Document
    environment: Environment
    hosts_file: Document | None
    hosts: tuple[Host, ...]
    hosts_complete: bool
    on_bastion: bool

    def at(self, *location: str | int) -> Place:
        """Return where a value of environment.yaml stands."""
        return self.file.place(location)

    def host_at(self, host: Host, group: str = "", variable: str = "ansible_host") -> Place:
        """Return where a host's value stands in hosts.yaml."""
        if self.hosts_file is None:
            return Place(str(self.folder / "hosts.yaml"))
        location: Location = ("all", "children", group or host.groups[0], "hosts", host.name, variable)
        return self.hosts_file.place(location)

    def group_at(self, group: str = "") -> Place:
        """Return where a group of hosts.yaml stands, or would stand."""
        if self.hosts_file is None:
            return Place(str(self.folder / "hosts.yaml"))
        return self.hosts_file.key_place(("all", "children", group) if group else ("all", "children"))

    def error(self, location: Location, fact: str, next_step: str) -> InputError:
        """Return an error about a value of environment.yaml."""
        text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in location).removeprefix(".")
        return InputError(f"key {text}", fact, next_step, self.file.place(location))


Rule = Callable[[Case], Iterator[BedplateError]]
