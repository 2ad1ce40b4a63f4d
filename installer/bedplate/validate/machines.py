"""Rules about hosts.yaml: groups, names, addresses."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.config.control_planes import control_plane_errors
from bedplate.config.validation import suggestion
from bedplate.core.errors import BedplateError, InputError
from bedplate.validate.context import ValidationContext, ValidationRule


def groups(case: ValidationContext) -> Iterator[BedplateError]:
    """Each group has the machines that the installer counts on."""
    if not case.hosts_complete or case.hosts_file is None:
        return
    needed = {
        "bastion": "the machine that runs the installer",
        "workers": "a machine that runs what people start (it may be the control plane's too)",
    }
    members = {group: [host for host in case.hosts if group in host.groups] for group in needed}
    for group, what in needed.items():
        if not members[group]:
            yield InputError(f"group {group}", "has no host", f"name {what}", case.group_at(group))
    for host in members["bastion"][1:]:
        first = members["bastion"][0].name
        location = case.host_at(host, "bastion", "")
        fact = f"is a second bastion, in addition to {first}"
        yield InputError(f"host {host.name}", fact, "keep one of the two", location)
    yield from control_plane_errors(case.hosts, case.hosts_file)


def bastion(case: ValidationContext) -> Iterator[BedplateError]:
    """bastion.host is the one machine of the group bastion."""
    named = case.environment.bastion.host
    host = next((host for host in case.hosts if host.name == named), None)
    if host is None:
        if case.hosts_complete:
            step = suggestion(named, [host.name for host in case.hosts])
            yield case.error(("bastion", "host"), f"is {named}, which hosts.yaml does not name", step)
        return
    if "bastion" not in host.groups:
        step = f"move it to the group bastion in {case.group_at().file}, or name that group's host"
        yield case.error(("bastion", "host"), f"is {named}, which hosts.yaml has in {', '.join(host.groups)}", step)
    elif len(host.groups) > 1:
        others = ", ".join(group for group in host.groups if group != "bastion")
        location = case.host_at(host, "bastion", "")
        step = "give the cluster machines of its own: the bastion serves them before they exist"
        yield InputError(f"host {named}", f"is the bastion and also in {others}", step, location)


def addresses(case: ValidationContext) -> Iterator[BedplateError]:
    """Every address is a machine's own and lies in network.nodes."""
    nodes = case.environment.network.nodes
    first: dict[str, str] = {}
    for host in case.hosts:
        address, subject, location = str(host.address), f"host {host.name}", case.host_at(host)
        if address in first:
            yield InputError(subject, f"has {address}, the address of {first[address]}", "give it its own", location)
        first.setdefault(address, host.name)
        if host.address not in nodes:
            step = f"give it an address in {nodes}, or widen network.nodes"
            yield InputError(subject, f"has {address}, outside network.nodes ({nodes})", step, location)
        elif host.address in {nodes.network_address, nodes.broadcast_address} and nodes.num_addresses > 2:  # noqa: PLR2004  RFC 3021
            step = "give it an address between the two ends"
            yield InputError(subject, f"has {address}, an end of the range network.nodes", step, location)
        elif address in {str(outside) for outside in case.environment.network.outside}:
            step = "take it out of network.outside"
            yield InputError(subject, f"has {address}, which network.outside counts as outside", step, location)


def two_addresses(case: ValidationContext) -> Iterator[BedplateError]:
    """A host that is in two groups has its address in one of them."""
    if case.hosts_file is None:
        return
    children = case.hosts_file.data.get("all", {}).get("children", {})
    for host in case.hosts:
        stated = [
            group
            for group in host.groups
            if isinstance(variables := children[group]["hosts"][host.name], dict) and "ansible_host" in variables
        ]
        for group in stated[1:]:
            fact = f"has its address written in {stated[0]} and in {group}"
            step = f"in {group} write only '{host.name}:'"
            yield InputError(f"host {host.name}", fact, step, case.host_at(host, group))


RULES: tuple[ValidationRule, ...] = (groups, bastion, addresses, two_addresses)
