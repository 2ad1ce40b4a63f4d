"""The input of the rules of `bedplate check`: an environment with the positions of its values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bedplate.config.environment_file import Environment
from bedplate.config.hosts import Host
from bedplate.config.yaml_document import KeyPath, YamlDocument
from bedplate.core.errors import BedplateError, InputError, SourceLocation


@dataclass(frozen=True, slots=True)
class ValidationContext:
    """An environment that matches its schema, as far as it could be read.

    Attributes:
        folder: the environment's folder.
        file: environment.yaml with positions.
        environment: environment.yaml.
        hosts_file: hosts.yaml with positions; None if it cannot be read.
        hosts: the machines.
        hosts_complete: hosts.yaml has no error, so a host that is not in `hosts` does not exist.
        on_bastion: the folder is in the bastion's /etc/bedplate, so absolute paths can be checked.
        platform_namespaces: the namespaces of the release's own components; empty if there is no such release.
    """

    folder: Path
    file: YamlDocument
    environment: Environment
    hosts_file: YamlDocument | None
    hosts: tuple[Host, ...]
    hosts_complete: bool
    on_bastion: bool
    platform_namespaces: frozenset[str] = frozenset()

    def at(self, *key_path: str | int) -> SourceLocation:
        """Return the location of a value in environment.yaml."""
        return self.file.location(key_path)

    def host_at(self, host: Host, group: str = "", variable: str = "ansible_host") -> SourceLocation:
        """Return the location of a host's value in hosts.yaml."""
        if self.hosts_file is None:
            return SourceLocation(str(self.folder / "hosts.yaml"))
        key_path: KeyPath = ("all", "children", group or host.groups[0], "hosts", host.name, variable)
        return self.hosts_file.location(key_path)

    def group_at(self, group: str = "") -> SourceLocation:
        """Return the location of a group in hosts.yaml, or of its parent if the group is missing."""
        if self.hosts_file is None:
            return SourceLocation(str(self.folder / "hosts.yaml"))
        return self.hosts_file.key_location(("all", "children", group) if group else ("all", "children"))

    def error(self, key_path: KeyPath, fact: str, hint: str) -> InputError:
        """Return an error about a value in environment.yaml."""
        text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in key_path).removeprefix(".")
        return InputError(f"key {text}", fact, hint, self.file.location(key_path))


ValidationRule = Callable[[ValidationContext], Iterator[BedplateError]]
