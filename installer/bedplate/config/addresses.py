"""The site's own DNS names and address ranges: which host answers to each name, and what counts as inside.

Every other module, template and role gets names and ranges from here. To move a name to another host, or to count a
range as inside, change only this file.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network
from typing import NamedTuple

from bedplate.config.environment_file import Network
from bedplate.config.environments import Site
from bedplate.config.hosts import Host


class SiteNames(NamedTuple):
    """The full DNS names of a site's services."""

    api: str
    mirror: str
    notebooks: str


def site_names(domain: str) -> SiteNames:
    """Return the site's own names in its domain."""
    return SiteNames(*(f"{service}.{domain}" for service in SiteNames._fields))


def reserved_names(control_plane: Iterable[str]) -> list[str]:
    """Return the names in the site's domain that no host may have: its services', and those of the mirror's replicas.

    Args:
        control_plane: names of the hosts that may become replicas.
    """
    return [*SiteNames._fields, *map(_replica_label, control_plane)]


def site_addresses(site: Site) -> dict[str, IPv4Address]:
    """Return the address that each of the site's own names must have."""
    names, nodes = site_names(site.environment.domain), (*site.workers, *site.control_plane)
    return {
        names.api: site.control_plane[0].address,
        names.mirror: site.bastion.address,
        names.notebooks: nodes[0].address,
    }


def replica_names(site: Site) -> dict[str, str]:
    """Return the mirror's name on each host that serves images in addition to the bastion, by host."""
    return {host.name: f"{_replica_label(host.name)}.{site.environment.domain}" for host in site.replicas}


def _replica_label(host: str) -> str:
    return f"mirror-{host}"


def mirror_names(site: Site) -> list[str]:
    """Return every name under which images are served, the bastion's first; the mirror's certificate is for these."""
    return [site_names(site.environment.domain).mirror, *replica_names(site).values()]


def cluster_addresses(site: Site) -> dict[str, IPv4Address]:
    """Return the addresses by name that the cluster's DNS knows: the site's own names, and every host's."""
    hosts = {f"{host.name}.{site.environment.domain}": host.address for host in site.hosts}
    return {**site_addresses(site), **hosts}


class HostsFiles:
    """The names in the hosts files of a site's machines: the hosts that every machine asks for, and the machine itself.

    No line is about another worker, so that adding a worker changes no other host's file. The bastion also knows the
    notebooks' page, which the acceptance run opens there.
    """

    def __init__(self, site: Site) -> None:
        """Read the site's hosts once."""
        names = site_names(site.environment.domain)
        answers = {**site_addresses(site), **_replica_addresses(site)}
        self._bastion, self._page = site.bastion, {names.notebooks: answers.pop(names.notebooks)}
        self._shared = {host.address: [host.name] for host in (site.bastion, *site.control_plane, *site.replicas)}
        for name, address in sorted(answers.items()):
            self._shared[address].append(name)

    def lines(self, host: Host) -> list[tuple[IPv4Address, list[str]]]:
        """Return one machine's lines: addresses, each with its names."""
        lines = {address: [*names] for address, names in self._shared.items()}
        lines.setdefault(host.address, [host.name])
        if host.name == self._bastion.name:
            for name, address in self._page.items():
                lines.setdefault(address, []).append(name)
        return list(lines.items())


def host_names(site: Site) -> list[tuple[IPv4Address, list[str]]]:
    """Return every host's address with its own name and the site's that it answers to, as earlier roles wrote them."""
    answers = {**site_addresses(site), **_replica_addresses(site)}
    by_address: dict[IPv4Address, list[str]] = {}
    for name, address in sorted(answers.items()):
        by_address.setdefault(address, []).append(name)
    return [(host.address, [host.name, *by_address.get(host.address, [])]) for host in site.hosts]


def _replica_addresses(site: Site) -> dict[str, IPv4Address]:
    return {name: host.address for name, host in zip(replica_names(site).values(), site.replicas, strict=True)}


def named_ranges(network: Network) -> dict[str, IPv4Network]:
    """Return the site's address ranges by their keys in environment.yaml."""
    return {"nodes": network.nodes, "pods": network.pods, "services": network.services}


def inside_ranges(network: Network) -> list[IPv4Network]:
    """Return the address ranges that count as inside the site: nodes, pods and services.

    The egress audit counts every packet to an address in none of them. `network.outside` lists exceptions within them.
    """
    return list(named_ranges(network).values())
