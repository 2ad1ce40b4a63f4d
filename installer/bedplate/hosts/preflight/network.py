"""Rules about the network: routes, ports, names, reach."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from bedplate.config import addresses
from bedplate.hosts.preflight.host_rule import HostContext, HostRule

NODE_PORTS = {
    10250: "kubelet",
    10249: "kube-proxy",
    10256: "kube-proxy",
    179: "kube-router",
    20241: "kube-router",
    20244: "kube-router",
    9100: "node-exporter",
}
CONTROL_PLANE_PORTS = {
    6443: "kube-apiserver",
    2379: "etcd",
    2380: "etcd",
    2381: "etcd",
    10257: "kube-controller-manager",
    10259: "kube-scheduler",
}
BASTION_PORTS = {443: "the mirror", 5000: "the mirror's registry"}
TIME_PORT, TIME_SERVICE = 123, "chronyd"
"""UDP, on the bastion; our own time service may run already, as Debian's package."""
DEFAULT = IPv4Network("0.0.0.0/0")
SLOW_ANSWER = 2.0
UNSEEN = "a program that cannot be seen"


def routed(context: HostContext) -> Iterator[str]:
    """Find routes into the pods' and services' ranges."""
    if context.is_installed:
        return
    network = context.site.environment.network
    for route in context.facts.routes:
        destination = IPv4Network(route.destination)
        for name in ("pods", "services"):
            if destination != DEFAULT and destination.overlaps(getattr(network, name)):
                yield (
                    f"has a route to {destination} by {route.interface},"
                    f" which overlaps with network.{name} ({getattr(network, name)})"
                )


def no_default_route(context: HostContext) -> Iterator[str]:
    """Find nodes that have no route to the services' range."""
    services = context.site.environment.network.services
    routes = [IPv4Network(route.destination) for route in context.facts.routes]
    if not context.is_bastion and not any(services.subnet_of(route) for route in routes):
        yield f"has no default route and none to network.services ({services})"


def unreachable(context: HostContext) -> Iterator[str]:
    """Find hosts that this one does not reach."""
    for target, error in context.facts.reached.items():
        if error:
            yield f"cannot connect to {target}: {error}"


def ports(context: HostContext) -> Iterator[str]:
    """Find ports of ours that others listen on."""
    if context.is_installed:
        return
    needed = _needed_ports(context)
    for listener in context.facts.listeners:
        if context.is_bastion and (listener.protocol, listener.port) == ("udp", TIME_PORT):
            if listener.program != TIME_SERVICE:
                yield f"has UDP port {TIME_PORT} taken by {listener.program or UNSEEN}; {TIME_SERVICE} needs it"
        elif listener.protocol == "tcp" and listener.port in needed:
            by = listener.program or UNSEEN
            yield f"has port {listener.port} taken by {by}; {needed[listener.port]} needs it"


def _needed_ports(context: HostContext) -> dict[int, str]:
    """Return the TCP ports that the platform needs on the host, each with the program that listens there."""
    if context.is_bastion:
        return BASTION_PORTS
    needed = NODE_PORTS | {context.site.environment.notebooks.port: "notebooks"}
    if context.is_control_plane:
        needed |= CONTROL_PLANE_PORTS
    if context.host in context.site.replicas:
        needed |= BASTION_PORTS
    return needed


def elsewhere(context: HostContext) -> Iterator[str]:
    """Find names of the site that lead elsewhere; names that are unknown get an entry in the hosts file."""
    for name, address in addresses.site_addresses(context.site).items():
        answers = context.facts.names.get(name, [])
        if answers and str(address) not in answers:
            yield f"resolves {name} to {', '.join(answers)} and not to {address}"


def slow_names(context: HostContext) -> Iterator[str]:
    """Find name servers that do not answer."""
    if context.facts.resolve_seconds > SLOW_ANSWER:
        yield f"waits {context.facts.resolve_seconds:.0f} s for the answer about a name"


def firewall(context: HostContext) -> Iterator[str]:
    """Find firewall services."""
    for unit in context.facts.firewalls:
        yield f"runs the firewall service {unit}"


RULES = (
    HostRule(
        "range-routed",
        "hard",
        routed,
        "packets to pods or Services would leave by that route, or real machines there would become unreachable",
        "choose ranges in environment.yaml that nothing in the datacenter uses; they cannot be changed later",
    ),
    HostRule(
        "no-service-route",
        "soft",
        no_default_route,
        "programs in the host's network cannot reach a Service: the kernel refuses before kube-proxy sees the packet",
        "nothing: the installer adds a route to the services' range (role base)",
    ),
    HostRule(
        "host-unreachable",
        "hard",
        unreachable,
        "nodes talk to the API server and the mirror directly",
        "mend cabling, VLAN or firewall between the two hosts",
    ),
    HostRule(
        "port-taken",
        "hard",
        ports,
        "a part of the platform could not start",
        "stop and remove the program that listens there",
    ),
    HostRule(
        "name-elsewhere",
        "hard",
        elsewhere,
        "hosts would join another cluster or trust another mirror",
        "mend the DNS entry or /etc/hosts, or choose another domain in environment.yaml",
    ),
    HostRule(
        "names-slow",
        "soft",
        slow_names,
        "logins and image pulls wait as long each time",
        "remove name servers from /etc/resolv.conf that do not answer",
    ),
    HostRule(
        "firewall-active",
        "soft",
        firewall,
        "it may drop traffic between nodes, pods and the mirror, and rewrite rules of kube-proxy",
        "stop and disable it, or open the ports listed in docs/explanation/what-is-done-to-your-hosts.md",
    ),
)
