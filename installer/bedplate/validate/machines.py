"""Rules for hosts.yaml: groups, names, addresses."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network

from bedplate.config import addresses
from bedplate.config.control_planes import control_plane_errors
from bedplate.config.environments import MAINTENANCE
from bedplate.config.hosts import Host
from bedplate.config.validation import suggestion
from bedplate.core.errors import BedplateError, InputError, SourceLocation
from bedplate.validate.context import ValidationContext, ValidationRule

LOCALHOST = "localhost"


def check_groups(context: ValidationContext) -> Iterator[BedplateError]:
    """Each group has the hosts that the installer needs."""
    if not context.hosts_complete or context.hosts_file is None:
        return
    needed = {
        "bastion": "the machine that runs the installer",
        "workers": "a machine that runs users' workloads (the control plane may be one of them)",
    }
    members = {group: [host for host in context.hosts if group in host.groups] for group in needed}
    for group, what in needed.items():
        if not members[group]:
            yield InputError(f"group {group}", "has no host", f"name {what}", context.group_at(group))
    for host in members["bastion"][1:]:
        first = members["bastion"][0].name
        location = context.host_at(host, "bastion", "")
        fact = f"is a second bastion, in addition to {first}"
        yield InputError(f"host {host.name}", fact, "keep one of the two", location)
    yield from control_plane_errors(context.hosts, context.hosts_file)


def check_bastion(context: ValidationContext) -> Iterator[BedplateError]:
    """bastion.host is the only host of the group bastion."""
    named = context.environment.bastion.host
    host = next((host for host in context.hosts if host.name == named), None)
    if host is None:
        if context.hosts_complete:
            step = suggestion(named, [host.name for host in context.hosts])
            yield context.error(("bastion", "host"), f"is {named}, which is not in hosts.yaml", step)
        return
    if "bastion" not in host.groups:
        step = f"move it to the group bastion in {context.group_at().file}, or name that group's host"
        yield context.error(("bastion", "host"), f"is {named}, which hosts.yaml has in {', '.join(host.groups)}", step)
    elif len(host.groups) > 1:
        others = ", ".join(group for group in host.groups if group != "bastion")
        location = context.host_at(host, "bastion", "")
        step = "give the cluster other machines: the bastion serves them before the cluster exists"
        yield InputError(f"host {named}", f"is the bastion and also in {others}", step, location)


def check_names(context: ValidationContext) -> Iterator[BedplateError]:
    """No host has a name that the site itself uses in its domain, or that means this machine everywhere."""
    control_plane = [host.name for host in context.hosts if "control_plane" in host.groups]
    taken = {name: f"{name}.{context.environment.domain}" for name in addresses.reserved_names(control_plane)}
    for host in context.hosts:
        if host.name in taken:
            fact = f"has the name of {taken[host.name]}, which Bedplate gives to another service"
            yield InputError(f"host {host.name}", fact, "rename the host in hosts.yaml", _named_at(context, host))
        elif host.name == LOCALHOST:
            fact = "has the name by which every machine calls itself"
            yield InputError(f"host {host.name}", fact, "rename the host in hosts.yaml", _named_at(context, host))


def _named_at(context: ValidationContext, host: Host) -> SourceLocation:
    """Return the location of a host's name in hosts.yaml."""
    if context.hosts_file is None:
        return context.host_at(host)
    return context.hosts_file.key_location(("all", "children", host.groups[0], "hosts", host.name))


def check_addresses(context: ValidationContext) -> Iterator[BedplateError]:
    """Each host has its own address, in network.nodes."""
    network = context.environment.network
    outside = set(network.outside)
    first: dict[IPv4Address, str] = {}
    for host in context.hosts:
        owner = first.setdefault(host.address, host.name)
        for fact, step in _address_facts(host, owner, network.nodes, outside):
            yield InputError(f"host {host.name}", f"has {host.address}, {fact}", step, context.host_at(host))


def _address_facts(host: Host, owner: str, nodes: IPv4Network, outside: set[IPv4Address]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a host's address, and what to do."""
    if owner != host.name:
        yield f"the address of {owner}", "give it an address of its own"
    if host.address not in nodes:
        yield f"outside network.nodes ({nodes})", f"give it an address in {nodes}, or widen network.nodes"
    elif host.address in {nodes.network_address, nodes.broadcast_address} and nodes.num_addresses > 2:  # noqa: PLR2004  RFC 3021
        yield "the first or last address of network.nodes", "give it an address between the two"
    elif host.address in outside:
        yield "which network.outside lists", "remove it from network.outside"


def check_one_address_per_host(context: ValidationContext) -> Iterator[BedplateError]:
    """A host in two groups has its address in one of them."""
    if context.hosts_file is None:
        return
    children = context.hosts_file.data.get("all", {}).get("children", {})
    for host in context.hosts:
        stated = [
            group
            for group in host.groups
            if isinstance(variables := children[group]["hosts"][host.name], dict) and "ansible_host" in variables
        ]
        for group in stated[1:]:
            fact = f"has its address written in {stated[0]} and in {group}"
            step = f"in {group} write only '{host.name}:'"
            yield InputError(f"host {host.name}", fact, step, context.host_at(host, group))


def check_maintenance(context: ValidationContext) -> Iterator[BedplateError]:
    """Only workers can be in maintenance: nothing can be applied without the bastion or the control plane."""
    if context.hosts_file is None or not context.hosts_complete:
        return
    hosts = {host.name: host for host in context.hosts}
    group = context.hosts_file.data["all"]["children"].get(MAINTENANCE) or {}
    for name in group.get("hosts") or {}:
        location = context.hosts_file.key_location(("all", "children", MAINTENANCE, "hosts", name))
        if name not in hosts:
            step = suggestion(name, [*hosts])
            yield InputError(f"host {name}", "is in maintenance, but in no other group", step, location)
        elif hosts[name].groups != ("workers",):
            fact = f"is in maintenance, but no run can do without the {_role(hosts[name])}"
            yield InputError(f"host {name}", fact, f"remove it from the group {MAINTENANCE}", location)


def _role(host: Host) -> str:
    return "bastion" if "bastion" in host.groups else "control plane"


RULES: tuple[ValidationRule, ...] = (
    check_groups,
    check_bastion,
    check_names,
    check_addresses,
    check_one_address_per_host,
    check_maintenance,
)
