"""Rules about the network: routes, ports, names, reach."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from bedplate.config.environments import Site
from bedplate.hosts.preflight.host_rule import Look, Rule

NODE_PORTS = {
    10250: "kubelet",
    10249: "kube-proxy",
    10256: "kube-proxy",
    179: "kube-router",
    20241: "kube-router",
    20244: "kube-router",
    9100: "node-exporter",
}
PLANE_PORTS = {
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


def site_names(site: Site) -> dict[str, str]:
    """Return the site's own names, each with the address it must have."""
    domain = site.environment.domain
    planes = site.control_plane or site.hosts
    answering = {"api": planes[0], "mirror": site.bastion, "notebooks": (site.workers or planes)[0]}
    return {f"{name}.{domain}": str(host.address) for name, host in answering.items()}


def routed(look: Look) -> Iterator[str]:
    """Find routes into the pods' and services' ranges."""
    if look.ledgered:
        return
    network = look.site.environment.network
    for route in look.facts.routes:
        destination = IPv4Network(route.destination)
        for name in ("pods", "services"):
            if destination != DEFAULT and destination.overlaps(getattr(network, name)):
                yield (
                    f"has a route to {destination} by {route.interface},"
                    f" which overlaps with network.{name} ({getattr(network, name)})"
                )


def no_default_route(look: Look) -> Iterator[str]:
    """Find nodes that have no route to the services' range."""
    services = look.site.environment.network.services
    routes = [IPv4Network(route.destination) for route in look.facts.routes]
    if not look.is_bastion and not any(services.subnet_of(route) for route in routes):
        yield f"has no default route and none to network.services ({services})"


def unreachable(look: Look) -> Iterator[str]:
    """Find hosts that this one does not reach."""
    for target, error in look.facts.reached.items():
        if error:
            yield f"cannot connect to {target}: {error}"


def ports(look: Look) -> Iterator[str]:
    """Find ports of ours that others listen on."""
    if look.ledgered:
        return
    wanted = BASTION_PORTS if look.is_bastion else NODE_PORTS | {look.site.environment.notebooks.port: "notebooks"}
    if look.is_control_plane:
        wanted = wanted | PLANE_PORTS
    if look.site.environment.mirror.replicas == "control_plane" and look.is_control_plane:
        wanted = wanted | BASTION_PORTS
    for listener in look.facts.listeners:
        if look.is_bastion and (listener.protocol, listener.port) == ("udp", TIME_PORT):
            if listener.program != TIME_SERVICE:
                yield f"has UDP port {TIME_PORT} taken by {listener.program or UNSEEN}; {TIME_SERVICE} needs it"
        elif listener.protocol == "tcp" and listener.port in wanted:
            by = listener.program or UNSEEN
            yield f"has port {listener.port} taken by {by}; {wanted[listener.port]} needs it"


def elsewhere(look: Look) -> Iterator[str]:
    """Find names of the site that lead elsewhere; names that are unknown get an entry in the hosts file."""
    for name, address in site_names(look.site).items():
        answers = look.facts.names.get(name, [])
        if answers and address not in answers:
            yield f"resolves {name} to {', '.join(answers)} and not to {address}"


def slow_names(look: Look) -> Iterator[str]:
    """Find name servers that do not answer."""
    if look.facts.resolve_seconds > SLOW_ANSWER:
        yield f"waits {look.facts.resolve_seconds:.0f} s for the answer about a name"


def firewall(look: Look) -> Iterator[str]:
    """Find firewall services."""
    for unit in look.facts.firewalls:
        yield f"runs the firewall service {unit}"


RULES = (
    Rule(
        "range-routed",
        "hard",
        routed,
        "packets to pods or Services would leave by that route, or real machines there would become unreachable",
        "choose ranges in environment.yaml that nothing in the datacenter uses; they cannot be changed later",
    ),
    Rule(
        "no-service-route",
        "soft",
        no_default_route,
        "programs in the host's network cannot reach a Service: the kernel refuses before kube-proxy sees the packet",
        "nothing: the installer adds a route to the services' range (role base)",
    ),
    Rule(
        "host-unreachable",
        "hard",
        unreachable,
        "nodes talk to the API server and the mirror directly",
        "mend cabling, VLAN or firewall between the two hosts",
    ),
    Rule(
        "port-taken",
        "hard",
        ports,
        "a part of the platform could not start",
        "stop and remove the program that listens there",
    ),
    Rule(
        "name-elsewhere",
        "hard",
        elsewhere,
        "hosts would join another cluster or trust another mirror",
        "mend the DNS entry or /etc/hosts, or choose another domain in environment.yaml",
    ),
    Rule(
        "names-slow",
        "soft",
        slow_names,
        "logins and image pulls wait as long each time",
        "remove name servers from /etc/resolv.conf that do not answer",
    ),
    Rule(
        "firewall-active",
        "soft",
        firewall,
        "it may drop traffic between nodes, pods and the mirror, and rewrite rules of kube-proxy",
        "stop and disable it, or open the ports listed in docs/explanation/what-is-done-to-your-hosts.md",
    ),
)
