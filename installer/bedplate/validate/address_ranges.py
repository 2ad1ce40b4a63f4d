"""Rules for address ranges, the domain and time servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from itertools import combinations

from bedplate.config import addresses
from bedplate.config.environment_file import DNS_LABEL
from bedplate.core.errors import BedplateError
from bedplate.validate.context import ValidationContext, ValidationRule

UNUSABLE = {
    "loopback": IPv4Network("127.0.0.0/8"),
    "link-local": IPv4Network("169.254.0.0/16"),
    "multicast": IPv4Network("224.0.0.0/4"),
    "reserved": IPv4Network("240.0.0.0/4"),
    "this-network": IPv4Network("0.0.0.0/8"),
}
PODS_PER_NODE_PREFIX = 24
"""kube-controller-manager gives each node a /24 of the pods' range (its --node-cidr-mask-size)."""
SERVICES_PREFIX = (12, 28)
"""kube-apiserver refuses ranges larger than /12; the cluster's DNS takes the tenth address."""
CLUSTER_DOMAIN = "cluster.local"


def check_overlaps(context: ValidationContext) -> Iterator[BedplateError]:
    """The ranges do not overlap."""
    ranges = addresses.named_ranges(context.environment.network)
    for (first, first_range), (second, second_range) in combinations(ranges.items(), 2):
        if first_range.overlaps(second_range):
            step = "choose ranges that nothing else in the datacenter uses"
            fact = f"is {second_range}, which overlaps with network.{first} ({first_range})"
            yield context.error(("network", second), fact, step)


def check_usable_ranges(context: ValidationContext) -> Iterator[BedplateError]:
    """The ranges hold ordinary unicast addresses and are large enough."""
    network = context.environment.network
    for name, addressed in addresses.named_ranges(network).items():
        for kind, reserved in UNUSABLE.items():
            if addressed.overlaps(reserved):
                fact = f"is {addressed}, which contains {kind} addresses ({reserved})"
                yield context.error(
                    ("network", name), fact, "choose a range of ordinary addresses, such as 10.x.0.0/16"
                )
    low, high = SERVICES_PREFIX
    if not low <= network.services.prefixlen <= high:
        fact = f"is a /{network.services.prefixlen}; Kubernetes takes /{low} to /{high}"
        yield context.error(("network", "services"), fact, "use a /16: it has room for 65 000 Services")
    room = 2 ** max(0, PODS_PER_NODE_PREFIX - network.pods.prefixlen)
    nodes = sum(1 for host in context.hosts if "bastion" not in host.groups)
    if network.pods.prefixlen > PODS_PER_NODE_PREFIX or room < nodes:
        fact = f"is a /{network.pods.prefixlen}; each of {nodes} nodes needs a /{PODS_PER_NODE_PREFIX} of it"
        yield context.error(("network", "pods"), fact, "choose a larger range, such as a /16")


def check_outside(context: ValidationContext) -> Iterator[BedplateError]:
    """network.outside names only addresses that would otherwise count as inside."""
    network = context.environment.network
    for index, address in enumerate(network.outside):
        if not any(address in part for part in addresses.inside_ranges(network)):
            yield context.error(
                ("network", "outside", index), f"is {address}, which is outside without it", "delete it"
            )


def check_domain(context: ValidationContext) -> Iterator[BedplateError]:
    """The site's domain is a DNS name and not the cluster's own."""
    name = context.environment.domain
    if not all(re.match(DNS_LABEL, label) for label in name.split(".")) or "." not in name:
        step = "write a domain of the site's own, such as ml.example.internal"
        yield context.error(("domain",), f"is {name!r}, which is not a lowercase DNS domain with a dot", step)
    elif name == CLUSTER_DOMAIN or name.endswith(f".{CLUSTER_DOMAIN}"):
        step = "choose another one: the cluster's DNS answers for it"
        yield context.error(("domain",), f"is {name}, which is the domain of the cluster's own Services", step)


def check_time_servers(context: ValidationContext) -> Iterator[BedplateError]:
    """Each time server is a name or an address, and is listed once."""
    servers = context.environment.time.servers
    for index, server in enumerate(servers):
        if server in servers[:index]:
            yield context.error(("time", "servers", index), f"is {server}, which is listed already", "delete it")
        elif not all(re.match(DNS_LABEL, label) for label in server.split(".")):
            step = "write a name or an IPv4 address"
            yield context.error(
                ("time", "servers", index), f"is {server!r}, which is neither a name nor an address", step
            )


RULES: tuple[ValidationRule, ...] = (
    check_overlaps,
    check_usable_ranges,
    check_outside,
    check_domain,
    check_time_servers,
)
