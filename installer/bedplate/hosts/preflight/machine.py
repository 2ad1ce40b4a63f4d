"""Rules about the machine: system, processor, memory, identity."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import GIB, HostContext, HostRule

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's names of architectures to the kernel's."""
MINIMUM_CPUS = 2
MINIMUM_MEMORY = 1.7
"""GiB; kubeadm's own limit for a control plane."""
RECOMMENDED_MEMORY = 7.5


def system(context: HostContext) -> Iterator[str]:
    """Compare the distribution with the release's."""
    wanted = context.platform
    if (context.facts.os, context.facts.suite) != (wanted.distribution, wanted.suite):
        found = context.facts.pretty or "an unknown system"
        yield f"runs {found}; the release is for {wanted.distribution} {wanted.suite}"


def architecture(context: HostContext) -> Iterator[str]:
    """Compare the architecture with the release's."""
    if context.facts.machine != MACHINES.get(context.platform.architecture):
        yield f"is a {context.facts.machine} machine; the release is for {context.platform.architecture}"


def systemd(context: HostContext) -> Iterator[str]:
    """Ask for systemd."""
    if not context.facts.systemd:
        yield "was not started by systemd"


def root(context: HostContext) -> Iterator[str]:
    """Ask for root."""
    if not context.facts.root:
        yield f"lets {context.host.user} log in, who is not root there and has no sudo without a password"


def container(context: HostContext) -> Iterator[str]:
    """Tell machines from containers."""
    if context.facts.container:
        yield f"is a container ({context.facts.container}) and no machine"


def processors(context: HostContext) -> Iterator[str]:
    """Count processors of nodes."""
    if not context.is_bastion and context.facts.cpus < MINIMUM_CPUS:
        yield f"has {context.facts.cpus} processor; {MINIMUM_CPUS} are needed"


def memory(context: HostContext) -> Iterator[str]:
    """Refuse too little memory."""
    if context.facts.memory < MINIMUM_MEMORY * GIB:
        yield f"has {context.facts.memory / GIB:.1f} GiB of memory; {MINIMUM_MEMORY} GiB is the least"


def memory_low(context: HostContext) -> Iterator[str]:
    """Warn of little memory on nodes."""
    if not context.is_bastion and MINIMUM_MEMORY * GIB <= context.facts.memory < RECOMMENDED_MEMORY * GIB:
        yield f"has {context.facts.memory / GIB:.1f} GiB of memory; 8 GiB or more is usual"


def hostname(context: HostContext) -> Iterator[str]:
    """Compare the host's name with hosts.yaml."""
    if context.facts.hostname.partition(".")[0] != context.host.name:
        yield f"calls itself {context.facts.hostname}; hosts.yaml calls it {context.host.name}"


def address(context: HostContext) -> Iterator[str]:
    """Look for the host's address on its own interfaces."""
    if str(context.host.address) not in context.facts.addresses:
        found = ", ".join(a for a in context.facts.addresses if not a.startswith("127."))
        yield f"has no interface with {context.host.address}; it has {found or 'none'}"


RULES = (
    HostRule(
        "os-unsupported",
        "hard",
        system,
        "packages, roles and acceptance run are made and tested for one release of one distribution",
        "install that distribution, or use a release of Bedplate made for this one",
    ),
    HostRule(
        "architecture-wrong",
        "hard",
        architecture,
        "the bundle holds programs for one architecture",
        "use machines of that architecture",
    ),
    HostRule("no-systemd", "hard", systemd, "services are systemd units", "boot the host with systemd"),
    HostRule(
        "no-root",
        "hard",
        root,
        "packages and services can be installed by root alone",
        "set ansible_user to root, or allow it sudo without a password",
    ),
    HostRule(
        "host-is-container",
        "soft",
        container,
        "it shares the kernel, its settings and its memory with others; numbers below are of the whole machine",
        "use a machine of its own in production",
    ),
    HostRule(
        "cpu-few",
        "hard",
        processors,
        "kubeadm refuses fewer, and the control plane starves beside anything else",
        "give it more processors",
    ),
    HostRule("memory-small", "hard", memory, "kubeadm refuses less, and the kernel kills services", "add memory"),
    HostRule(
        "memory-low",
        "soft",
        memory_low,
        "one large notebook takes most of what the system leaves",
        "add memory, or keep notebooks.sizes small",
    ),
    HostRule(
        "hostname-differs",
        "soft",
        hostname,
        "logs and alerts name the host as it calls itself",
        "hostnamectl set-hostname with the name in hosts.yaml, or mend hosts.yaml",
    ),
    HostRule(
        "address-elsewhere",
        "hard",
        address,
        "the cluster's parts listen on and announce that address; behind a translated one they do not find each other",
        "put the host's own address into hosts.yaml",
    ),
)
