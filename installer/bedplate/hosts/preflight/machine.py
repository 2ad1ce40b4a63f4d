"""Rules about the machine: system, processor, memory, identity."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import GIB, Look, Rule

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Debian's names of architectures to the kernel's."""
CPUS = 2
MEMORY_NEEDED = 1.7
"""GiB; kubeadm's own limit for a control plane."""
MEMORY_WISHED = 7.5


def system(look: Look) -> Iterator[str]:
    """Compare the distribution with the release's."""
    wanted = look.platform
    if (look.facts.os, look.facts.suite) != (wanted.distribution, wanted.suite):
        found = look.facts.pretty or "an unknown system"
        yield f"runs {found}; the release is for {wanted.distribution} {wanted.suite}"


def architecture(look: Look) -> Iterator[str]:
    """Compare the architecture with the release's."""
    if look.facts.machine != MACHINES.get(look.platform.architecture):
        yield f"is a {look.facts.machine} machine; the release is for {look.platform.architecture}"


def systemd(look: Look) -> Iterator[str]:
    """Ask for systemd."""
    if not look.facts.systemd:
        yield "was not started by systemd"


def root(look: Look) -> Iterator[str]:
    """Ask for root."""
    if not look.facts.root:
        yield f"lets {look.host.user} log in, who is not root there and has no sudo without a password"


def container(look: Look) -> Iterator[str]:
    """Tell machines from containers."""
    if look.facts.container:
        yield f"is a container ({look.facts.container}) and no machine"


def processors(look: Look) -> Iterator[str]:
    """Count processors of nodes."""
    if not look.is_bastion and look.facts.cpus < CPUS:
        yield f"has {look.facts.cpus} processor; {CPUS} are needed"


def memory(look: Look) -> Iterator[str]:
    """Refuse too little memory."""
    if look.facts.memory < MEMORY_NEEDED * GIB:
        yield f"has {look.facts.memory / GIB:.1f} GiB of memory; {MEMORY_NEEDED} GiB is the least"


def memory_low(look: Look) -> Iterator[str]:
    """Warn of little memory on nodes."""
    if not look.is_bastion and MEMORY_NEEDED * GIB <= look.facts.memory < MEMORY_WISHED * GIB:
        yield f"has {look.facts.memory / GIB:.1f} GiB of memory; 8 GiB or more is usual"


def hostname(look: Look) -> Iterator[str]:
    """Compare the host's name with hosts.yaml."""
    if look.facts.hostname.partition(".")[0] != look.host.name:
        yield f"calls itself {look.facts.hostname}; hosts.yaml calls it {look.host.name}"


def address(look: Look) -> Iterator[str]:
    """Look for the host's address on its own interfaces."""
    if str(look.host.address) not in look.facts.addresses:
        found = ", ".join(a for a in look.facts.addresses if not a.startswith("127."))
        yield f"has no interface with {look.host.address}; it has {found or 'none'}"


RULES = (
    Rule(
        "os-unsupported",
        "hard",
        system,
        "packages, roles and acceptance run are made and tested for one release of one distribution",
        "install that distribution, or use a release of Bedplate made for this one",
    ),
    Rule(
        "architecture-wrong",
        "hard",
        architecture,
        "the bundle holds programs for one architecture",
        "use machines of that architecture",
    ),
    Rule("no-systemd", "hard", systemd, "services are systemd units", "boot the host with systemd"),
    Rule(
        "no-root",
        "hard",
        root,
        "packages and services can be installed by root alone",
        "set ansible_user to root, or allow it sudo without a password",
    ),
    Rule(
        "host-is-container",
        "soft",
        container,
        "it shares the kernel, its settings and its memory with others; numbers below are of the whole machine",
        "use a machine of its own in production",
    ),
    Rule(
        "cpu-few",
        "hard",
        processors,
        "kubeadm refuses fewer, and the control plane starves beside anything else",
        "give it more processors",
    ),
    Rule("memory-small", "hard", memory, "kubeadm refuses less, and the kernel kills services", "add memory"),
    Rule(
        "memory-low",
        "soft",
        memory_low,
        "one large notebook takes most of what the system leaves",
        "add memory, or keep notebooks.sizes small",
    ),
    Rule(
        "hostname-differs",
        "soft",
        hostname,
        "logs and alerts name the host as it calls itself",
        "hostnamectl set-hostname with the name in hosts.yaml, or mend hosts.yaml",
    ),
    Rule(
        "address-elsewhere",
        "hard",
        address,
        "the cluster's parts listen on and announce that address; behind a translated one they do not find each other",
        "put the host's own address into hosts.yaml",
    ),
)
