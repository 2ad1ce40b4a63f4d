"""Rules about address ranges and names."""

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


def overlaps(case: ValidationContext) -> Iterator[BedplateError]:
    """The three ranges lie beside each other."""
    ranges = addresses.named_ranges(case.environment.network)
    for (first, one), (second, other) in combinations(ranges.items(), 2):
        if one.overlaps(other):
            step = "choose ranges that nothing else in the datacenter uses"
            fact = f"is {other}, which overlaps with network.{first} ({one})"
            yield case.error(("network", second), fact, step)


def usable(case: ValidationContext) -> Iterator[BedplateError]:
    """The ranges are ordinary unicast addresses and large enough."""
    network = case.environment.network
    for name, addressed in addresses.named_ranges(network).items():
        for kind, reserved in UNUSABLE.items():
            if addressed.overlaps(reserved):
                fact = f"is {addressed}, which has {kind} addresses ({reserved})"
                yield case.error(("network", name), fact, "choose a range of ordinary addresses, such as 10.x.0.0/16")
    low, high = SERVICES_PREFIX
    if not low <= network.services.prefixlen <= high:
        fact = f"is a /{network.services.prefixlen}; Kubernetes takes /{low} to /{high}"
        yield case.error(("network", "services"), fact, "a /16 has room for 65 000 Services")
    room = 2 ** max(0, PODS_PER_NODE_PREFIX - network.pods.prefixlen)
    nodes = sum(1 for host in case.hosts if "bastion" not in host.groups)
    if network.pods.prefixlen > PODS_PER_NODE_PREFIX or room < nodes:
        fact = f"is a /{network.pods.prefixlen}; each of {nodes} nodes needs a /{PODS_PER_NODE_PREFIX} of it"
        yield case.error(("network", "pods"), fact, "choose a larger range, such as a /16")


def outside(case: ValidationContext) -> Iterator[BedplateError]:
    """network.outside names only addresses that would otherwise count as inside."""
    network = case.environment.network
    for index, address in enumerate(network.outside):
        if not any(address in part for part in addresses.inside(network)):
            yield case.error(("network", "outside", index), f"is {address}, which is outside anyway", "delete it")


def domain(case: ValidationContext) -> Iterator[BedplateError]:
    """The site's domain is a DNS name and not the cluster's own."""
    name = case.environment.domain
    if not all(re.match(DNS_LABEL, label) for label in name.split(".")) or "." not in name:
        step = "write a domain of the site's own, such as ml.example.internal"
        yield case.error(("domain",), f"is {name!r}, which is no DNS domain in small letters with a dot", step)
    elif name == CLUSTER_DOMAIN or name.endswith(f".{CLUSTER_DOMAIN}"):
        step = "choose another: the cluster's DNS answers for it"
        yield case.error(("domain",), f"is {name}, which belongs to the cluster's own Services", step)


def time_servers(case: ValidationContext) -> Iterator[BedplateError]:
    """Each time source is named once and is a name or an address."""
    servers = case.environment.time.servers
    for index, server in enumerate(servers):
        if server in servers[:index]:
            yield case.error(("time", "servers", index), f"is {server}, which stands there already", "delete it")
        elif not all(re.match(DNS_LABEL, label) for label in server.split(".")):
            step = "write a name or an IPv4 address"
            yield case.error(("time", "servers", index), f"is {server!r}, which is neither a name nor an address", step)


RULES: tuple[ValidationRule, ...] = (overlaps, usable, outside, domain, time_servers)
