"""Preflight rules about the machine: operating system, processors, memory, name and address."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.config.release import KERNEL_MACHINES
from bedplate.distributions.distribution import OsRelease
from bedplate.distributions.find_distribution import find_distribution
from bedplate.hosts.preflight.host_rule import GIB, HostContext, HostRule

MINIMUM_CPUS = 2
MINIMUM_MEMORY = 1.7
"""GiB; kubeadm's limit for a control plane."""
RECOMMENDED_MEMORY = 7.5


def system(context: HostContext) -> Iterator[str]:
    """Refuse a distribution that the release is not built for."""
    wanted, facts = context.platform, context.facts
    host = OsRelease(facts.os, facts.suite, facts.version)
    if not find_distribution(wanted.distribution).runs_on(host, wanted.suite):
        actual = facts.pretty or "an unknown system"
        yield f"runs {actual}; the release is for {wanted.distribution} {wanted.suite}"


def architecture(context: HostContext) -> Iterator[str]:
    """Refuse an architecture that the release is not built for."""
    if context.facts.machine != KERNEL_MACHINES.get(context.platform.architecture):
        yield f"is a {context.facts.machine} machine; the release is for {context.platform.architecture}"


def systemd(context: HostContext) -> Iterator[str]:
    """Require systemd."""
    if not context.facts.systemd:
        yield "does not run systemd"


def root(context: HostContext) -> Iterator[str]:
    """Require root, or sudo without a password."""
    if not context.facts.root:
        yield f"gives {context.host.user} neither root nor sudo without a password"


def container(context: HostContext) -> Iterator[str]:
    """Warn about a container."""
    if context.facts.container:
        yield f"is a container ({context.facts.container}), not a machine of its own"


def processors(context: HostContext) -> Iterator[str]:
    """Refuse nodes with too few processors."""
    if not context.is_bastion and context.facts.cpus < MINIMUM_CPUS:
        yield f"has {context.facts.cpus} processor; the minimum is {MINIMUM_CPUS}"


def memory(context: HostContext) -> Iterator[str]:
    """Refuse too little memory."""
    if context.facts.memory < MINIMUM_MEMORY * GIB:
        yield f"has {context.facts.memory / GIB:.1f} GiB of memory; the minimum is {MINIMUM_MEMORY} GiB"


def memory_low(context: HostContext) -> Iterator[str]:
    """Warn about nodes with little memory."""
    if not context.is_bastion and MINIMUM_MEMORY * GIB <= context.facts.memory < RECOMMENDED_MEMORY * GIB:
        yield f"has {context.facts.memory / GIB:.1f} GiB of memory; 8 GiB or more is recommended"


def hostname(context: HostContext) -> Iterator[str]:
    """Warn if the host has another name than in hosts.yaml."""
    if context.facts.hostname.partition(".")[0] != context.host.name:
        yield f"has the host name {context.facts.hostname}; in hosts.yaml it is {context.host.name}"


def address(context: HostContext) -> Iterator[str]:
    """Require an interface with the address in hosts.yaml."""
    if str(context.host.address) not in context.facts.addresses:
        own = ", ".join(a for a in context.facts.addresses if not a.startswith("127."))
        yield f"has no interface with {context.host.address}; it has {own or 'none'}"


RULES = (
    HostRule(
        "os-unsupported",
        "hard",
        system,
        "packages and roles are built and tested for one version of one distribution",
        "install that distribution, or use a release of Bedplate for this one",
    ),
    HostRule(
        "architecture-wrong",
        "hard",
        architecture,
        "the bundle contains programs for one architecture",
        "use machines of that architecture",
    ),
    HostRule("no-systemd", "hard", systemd, "services are systemd units", "boot the host with systemd"),
    HostRule(
        "no-root",
        "hard",
        root,
        "only root can install packages and services",
        "set ansible_user to root, or allow that user sudo without a password",
    ),
    HostRule(
        "host-is-container",
        "soft",
        container,
        "it shares kernel and memory with others; preflight sees the memory of the whole machine",
        "use a dedicated machine in production",
    ),
    HostRule(
        "cpu-few",
        "hard",
        processors,
        "kubeadm requires more, and other load would starve the control plane",
        "give it more processors",
    ),
    HostRule("memory-small", "hard", memory, "kubeadm requires more, and the kernel would kill services", "add memory"),
    HostRule(
        "memory-low",
        "soft",
        memory_low,
        "a single large notebook uses most of what the system leaves",
        "add memory, or keep notebooks.sizes small",
    ),
    HostRule(
        "hostname-differs",
        "soft",
        hostname,
        "logs and alerts show the host's own name",
        "run `hostnamectl set-hostname` with the name in hosts.yaml, or fix hosts.yaml",
    ),
    HostRule(
        "address-elsewhere",
        "hard",
        address,
        "the cluster's parts listen on that address and announce it, which fails behind address translation",
        "put the host's own address into hosts.yaml",
    ),
)
