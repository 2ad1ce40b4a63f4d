"""Environments on this machine: find one by its name, and load its files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path

from bedplate.config import validation, yaml_document
from bedplate.config.control_planes import control_plane_errors
from bedplate.config.environment_file import Environment
from bedplate.config.environment_state import LEDGER, LOCK
from bedplate.config.hosts import Host
from bedplate.config.hosts_file import Connection, HostsFile, HostVars
from bedplate.config.yaml_document import YamlDocument
from bedplate.core import paths
from bedplate.core.errors import BedplateError, ErrorList, InputError, SourceLocation

ENVIRONMENT = "environment.yaml"
HOSTS = "hosts.yaml"
ON_BASTION = Path("/etc/bedplate")
"""The folder of environments on a bastion."""
LAB_TEMPLATE = "inventory/lab"
"""The folder, in a tree, that every lab's environment is copied from."""
MAINTENANCE = "maintenance"
"""The group in hosts.yaml that says nothing about what a host is, only that it is passed by for now."""


@dataclass(frozen=True, slots=True)
class Site:
    """A loaded environment.

    Attributes:
        folder: the environment's folder.
        environment: environment.yaml.
        hosts: hosts.yaml, in the file's order.
    """

    folder: Path
    environment: Environment
    hosts: tuple[Host, ...]

    def group(self, name: str) -> tuple[Host, ...]:
        """Return the hosts of a group, in the file's order."""
        return tuple(host for host in self.hosts if name in host.groups)

    @property
    def bastion(self) -> Host:
        """Return the host that bastion.host names."""
        return next(host for host in self.hosts if host.name == self.environment.bastion.host)

    @property
    def control_plane(self) -> tuple[Host, ...]:
        """Return the group control_plane."""
        return self.group("control_plane")

    @property
    def workers(self) -> tuple[Host, ...]:
        """Return the group workers."""
        return self.group("workers")

    @property
    def replicas(self) -> tuple[Host, ...]:
        """Return the hosts that serve images in addition to the bastion."""
        return self.group(self.environment.mirror.replicas)

    @property
    def known_hosts(self) -> Path:
        """Return the file with the pinned SSH keys of the hosts."""
        return self.folder / "known_hosts"

    @property
    def state(self) -> Path:
        """Return the environment's state folder on its bastion."""
        return paths.environment_states() / self.environment.name

    @property
    def ledger(self) -> Path:
        """Return the file of the environment's ledger."""
        return self.state / LEDGER

    @property
    def lock(self) -> Path:
        """Return the file of the environment lock, which an apply holds."""
        return self.state / LOCK

    @property
    def is_here(self) -> bool:
        """Return whether this machine is the environment's bastion, so that commands run here."""
        return self.folder.is_relative_to(ON_BASTION)

    @property
    def unreachable_hint(self) -> str:
        """Return what to do if the bastion does not answer; empty if that depends on the site."""
        if not (self.folder.is_relative_to(labs_folder().resolve()) or self.folder.match(LAB_TEMPLATE)):
            return ""
        option = "" if self.folder.match(LAB_TEMPLATE) else f" --name {self.environment.name}"
        return f"start the lab with `bedplate lab up{option}`"


@dataclass(slots=True)
class EnvironmentDraft:
    """An environment as far as it could be read, with its schema errors.

    Attributes:
        folder: the environment's folder.
        environment_file: environment.yaml with positions; None if it is not valid YAML.
        hosts_file: hosts.yaml with positions; None if it is not valid YAML.
        environment: the model, without the values that are wrong; None if too little is left.
        hosts: the hosts that could be read.
        errors: all schema errors.
        wrong: key paths of errors in environment.yaml.
    """

    folder: Path
    environment_file: YamlDocument | None = None
    hosts_file: YamlDocument | None = None
    environment: Environment | None = None
    hosts: tuple[Host, ...] = ()
    errors: list[BedplateError] = field(default_factory=list)
    wrong: list[yaml_document.KeyPath] = field(default_factory=list)


def labs_folder() -> Path:
    """Return the folder of the environments of this user's labs."""
    return paths.user_state() / "inventory"


def find(name: str) -> Path:
    """Return the folder of an environment, given its name or its path (which has a slash).

    A name is looked up in this order: /etc/bedplate, the user's state folder (labs), inventory/ in the working
    directory, inventory/ next to the installer.
    """
    if "/" in name or name in {".", ".."}:
        candidates = [Path(name)]
    else:
        roots = [ON_BASTION, labs_folder(), Path("inventory"), paths.SOURCE / "inventory"]
        candidates = [root / name for root in roots]
    for folder in candidates:
        if (folder / ENVIRONMENT).is_file():
            return folder.resolve()
    if len(candidates) == 1:
        raise InputError(f"environment {name}", f"is not a folder with {ENVIRONMENT}", "check the path")
    looked = ", ".join(dict.fromkeys(yaml_document.display_path(folder) for folder in candidates))
    raise InputError(f"environment {name}", f"was not found in {looked}", f"create it with `bedplate init {name}`")


def load(path: Path) -> Site:
    """Load the environment in a folder.

    Raises:
        ErrorList: every schema error, with its line.
    """
    draft = read(path)
    if draft.errors or draft.environment is None:
        raise ErrorList(draft.errors)
    names = {host.name for host in draft.hosts}
    if draft.environment.bastion.host not in names:
        where = draft.environment_file.location(("bastion", "host")) if draft.environment_file else None
        fact = f"is {draft.environment.bastion.host}, which is not in hosts.yaml"
        raise ErrorList([InputError("key bastion.host", fact, f"run `bedplate check {path.name}`", where)])
    if draft.hosts_file and (errors := list(control_plane_errors(draft.hosts, draft.hosts_file))):
        raise ErrorList([*errors])
    return Site(path.resolve(), draft.environment, draft.hosts)


def read(path: Path) -> EnvironmentDraft:
    """Read an environment's files as far as possible; return errors instead of raising them."""
    draft = EnvironmentDraft(path)
    try:
        draft.environment_file = yaml_document.read(path / ENVIRONMENT)
        reading = validation.validate(draft.environment_file, Environment)
        draft.environment, draft.wrong = reading.model, reading.wrong
        draft.errors += reading.errors
    except ErrorList as error:
        draft.errors += error.errors
    try:
        draft.hosts_file = yaml_document.read(path / HOSTS)
        _read_hosts(draft, draft.hosts_file)
    except ErrorList as error:
        draft.errors += error.errors
    return draft


def _read_hosts(draft: EnvironmentDraft, file: YamlDocument) -> None:
    reading = validation.validate(file, HostsFile)
    draft.errors += reading.errors
    if reading.model is None:
        return
    machines: dict[str, Host] = {}
    everything = reading.model.all
    # A host in two groups has its address in one of them; if both have one, the first counts.
    entries = reversed([*_entries(reading.model)])
    addresses = {name: variables.ansible_host for _, name, variables in entries if variables.ansible_host}
    for group, name, variables in _entries(reading.model):
        address = addresses.get(name)
        if address is None:
            if not any(str(name) in error.subject for error in reading.errors):
                draft.errors.append(_no_address(file, group, name))
            continue
        known = machines.get(name)
        if known:
            machines[name] = known.model_copy(update={"groups": (*known.groups, group)})
        else:
            inherited = getattr(everything.children, group).vars
            machines[name] = _host(name, group, address, (variables, inherited, everything.vars))
    away = everything.children.maintenance.hosts or {}
    draft.hosts = tuple(host.model_copy(update={"in_maintenance": name in away}) for name, host in machines.items())


def _entries(hosts: HostsFile) -> Iterator[tuple[str, str, HostVars]]:
    for group in [name for name in type(hosts.all.children).model_fields if name != MAINTENANCE]:
        members = getattr(hosts.all.children, group).hosts or {}
        yield from ((group, name, variables or HostVars()) for name, variables in members.items())


def _host(name: str, group: str, address: IPv4Address, sources: tuple[Connection, ...]) -> Host:
    user = next((c.ansible_user for c in sources if c.ansible_user), "root")
    port = next((c.ansible_port for c in sources if c.ansible_port), 22)
    return Host(name=name, address=address, groups=(group,), user=user, port=port)


def _no_address(file: YamlDocument, group: str, name: str) -> InputError:
    where: SourceLocation = file.key_location(("all", "children", group, "hosts", name))
    return InputError(f"host {name}", "has no address", "add ansible_host: and its IPv4 address", where)
