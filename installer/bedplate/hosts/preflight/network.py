"""Preflight rules about the network: routes, ports, names and connections."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from bedplate.config import addresses
from bedplate.core.sizes import count_of
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
"""UDP, on the bastion; chronyd may already run there, from Debian's own package."""
DEFAULT_ROUTE = IPv4Network("0.0.0.0/0")
MAXIMUM_RESOLVE_SECONDS = 2.0
UNKNOWN_PROGRAM = "an unknown program"


def routed_ranges(context: HostContext) -> Iterator[str]:
    """Find routes that lead into the ranges of pods and Services."""
    if context.is_installed:
        return
    network = context.site.environment.network
    for route in context.facts.routes:
        destination = IPv4Network(route.destination)
        for name in ("pods", "services"):
            if destination != DEFAULT_ROUTE and destination.overlaps(getattr(network, name)):
                yield (
                    f"has a route to {destination} through {route.interface},"
                    f" which overlaps with network.{name} ({getattr(network, name)})"
                )


def no_service_route(context: HostContext) -> Iterator[str]:
    """Find nodes without a route to the range of Services."""
    services = context.site.environment.network.services
    routes = [IPv4Network(route.destination) for route in context.facts.routes]
    if not context.is_bastion and not any(services.subnet_of(route) for route in routes):
        yield f"has neither a default route nor one to network.services ({services})"


def nodes_behind_a_router(context: HostContext) -> Iterator[str]:
    """Find nodes to which this node sends packets through a router."""
    if context.is_bastion:
        return
    routes = sorted(
        context.facts.routes, key=lambda route: (-IPv4Network(route.destination).prefixlen, not route.direct)
    )
    ranges = [(IPv4Network(route.destination), route.direct) for route in routes]
    masks = [(int(one.netmask), int(one.network_address), is_direct) for one, is_direct in ranges]
    behind = [
        host
        for host in context.site.hosts
        if "bastion" not in host.groups
        and host.address != context.host.address
        and not next((direct for mask, start, direct in masks if int(host.address) & mask == start), True)
    ]
    if behind:
        others = f" and {count_of(len(behind) - 1, 'other node')}" if behind[1:] else ""
        yield f"reaches {behind[0].name} ({behind[0].address}){others} only through a router"


def unreachable_hosts(context: HostContext) -> Iterator[str]:
    """Find hosts that this one cannot connect to."""
    for target, error in context.facts.reached.items():
        if error:
            yield f"cannot connect to {target}: {error}"


def ports_in_use(context: HostContext) -> Iterator[str]:
    """Find ports that the platform needs and another program uses."""
    if context.is_installed:
        return
    needed = _needed_ports(context)
    for listener in context.facts.listeners:
        program = listener.program or UNKNOWN_PROGRAM
        if context.is_bastion and (listener.protocol, listener.port) == ("udp", TIME_PORT):
            if listener.program != TIME_SERVICE:
                yield f"has UDP port {TIME_PORT} in use by {program}; {TIME_SERVICE} needs it"
        elif listener.protocol == "tcp" and listener.port in needed:
            yield f"has port {listener.port} in use by {program}; {needed[listener.port]} needs it"


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


def wrong_names(context: HostContext) -> Iterator[str]:
    """Find names of the site with a wrong address; unknown names get an entry in the hosts file."""
    for name, address in addresses.site_addresses(context.site).items():
        answers = context.facts.names.get(name, [])
        if answers and str(address) not in answers:
            yield f"resolves {name} to {', '.join(answers)} instead of {address}"


def lost_names(context: HostContext) -> Iterator[str]:
    """Find names of the site that an installed host does not know any more."""
    for name, answers in context.facts.names.items():
        if context.is_installed and not answers and name in addresses.site_addresses(context.site):
            yield f"does not resolve {name} any more; apply writes it into /etc/hosts again"


def slow_names(context: HostContext) -> Iterator[str]:
    """Find slow name resolution, such as name servers that do not answer."""
    if context.facts.resolve_seconds > MAXIMUM_RESOLVE_SECONDS:
        yield f"needs {context.facts.resolve_seconds:.0f} s to resolve a name"


def firewalls(context: HostContext) -> Iterator[str]:
    """Find firewall services."""
    for unit in context.facts.firewalls:
        yield f"runs the firewall service {unit}"


RULES = (
    HostRule(
        "range-routed",
        "hard",
        routed_ranges,
        "packets to pods or Services would take that route, or machines in that network would become unreachable",
        "choose ranges in environment.yaml that are unused in the datacenter; they cannot be changed later",
    ),
    HostRule(
        "no-service-route",
        "soft",
        no_service_route,
        "programs in the host's network cannot reach a Service: the kernel drops the packet before kube-proxy sees it",
        "nothing; the installer adds a route to the range of Services (role base)",
    ),
    HostRule(
        "node-behind-router",
        "hard",
        nodes_behind_a_router,
        "pods on such nodes cannot reach each other: nodes send their packets directly, without a tunnel",
        "put all nodes into one network (VLAN); racks with subnets of their own are not supported yet",
    ),
    HostRule(
        "host-unreachable",
        "hard",
        unreachable_hosts,
        "nodes connect to the API server and the mirror directly",
        "check cabling, VLAN and firewall between the two hosts",
    ),
    HostRule(
        "port-taken",
        "hard",
        ports_in_use,
        "a part of the platform cannot start",
        "stop the program that uses the port, and remove it",
    ),
    HostRule(
        "name-elsewhere",
        "hard",
        wrong_names,
        "hosts would join another cluster or use another mirror",
        "fix the DNS entry or /etc/hosts, or choose another domain in environment.yaml",
    ),
    HostRule(
        "name-lost",
        "soft",
        lost_names,
        "kubelet, containerd and pods' networks reach the API server and the mirror by these names",
        "run `bedplate apply`; keep `files` in nsswitch.conf, and cloud-init from rewriting /etc/hosts",
    ),
    HostRule(
        "names-slow",
        "soft",
        slow_names,
        "every login and every image pull waits that long",
        "remove name servers that do not answer from /etc/resolv.conf",
    ),
    HostRule(
        "firewall-active",
        "soft",
        firewalls,
        "it can drop traffic between nodes, pods and the mirror, and overwrite rules of kube-proxy",
        "stop and disable it, or open the ports listed in docs/explanation/what-is-done-to-your-hosts.md",
    ),
)
