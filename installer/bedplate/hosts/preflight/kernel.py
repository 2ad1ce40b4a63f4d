"""Rules about the kernel: features, control groups, swap, settings."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import GIB, Look, Rule

NEEDED = {"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"}
INSTANCES = 512


def features(look: Look) -> Iterator[str]:
    """Find features that are not there and will not be."""
    for feature, state in look.facts.features.items():
        if not look.is_bastion and state == "missing":
            yield f"has a kernel ({look.facts.kernel}) without {feature}"


def unloaded(look: Look) -> Iterator[str]:
    """Find modules that somebody else must load."""
    for feature, state in look.facts.features.items():
        if not look.is_bastion and state == "loadable" and not look.managed:
            yield f"has not loaded the kernel module {feature}, and hosts.kernel is external"


def cgroups(look: Look) -> Iterator[str]:
    """Find old control groups."""
    if not look.is_bastion and look.facts.cgroup == 1:
        yield "has control groups of version 1"


def swap(look: Look) -> Iterator[str]:
    """Find swap."""
    if not look.is_bastion and look.facts.swap:
        then = "it will be turned off" if look.managed else "it stays on, as hosts.kernel is external"
        yield f"has {look.facts.swap / GIB:.1f} GiB of swap; {then}"


def settings(look: Look) -> Iterator[str]:
    """Find settings that somebody else must make."""
    for name, value in NEEDED.items():
        found = look.facts.sysctls.get(name, "")
        if not look.is_bastion and not look.managed and found != value:
            yield f"has {name} = {found or 'unset'} and not {value}, and hosts.kernel is external"


def watches(look: Look) -> Iterator[str]:
    """Find low limits of file watches."""
    found = look.facts.sysctls.get("fs.inotify.max_user_instances", "")
    if not look.is_bastion and not look.managed and found.isdigit() and int(found) < INSTANCES:
        yield f"has fs.inotify.max_user_instances = {found}; {INSTANCES} or more is usual"


RULES = (
    Rule(
        "kernel-feature-missing",
        "hard",
        features,
        "containers, pod networks or network policies do not work without it",
        "install the distribution's own kernel with its modules",
    ),
    Rule(
        "kernel-module-unloaded",
        "hard",
        unloaded,
        "containers, pod networks or network policies do not work without it",
        "load it (modprobe) and list it in /etc/modules-load.d, or set hosts.kernel to managed",
    ),
    Rule(
        "cgroup-v1",
        "soft",
        cgroups,
        "Kubernetes 1.35 and later refuse it by default: a later release cannot be installed here",
        "boot with systemd.unified_cgroup_hierarchy=1",
    ),
    Rule(
        "swap-on",
        "soft",
        swap,
        "memory limits of pods lose their meaning, and notebooks become slow instead of ending",
        "swapoff -a, and take swap out of /etc/fstab",
    ),
    Rule(
        "sysctl-unset",
        "hard",
        settings,
        "packets between pods are not forwarded, or Services and policies do not see them",
        "set it in /etc/sysctl.d, or set hosts.kernel to managed",
    ),
    Rule(
        "inotify-low",
        "soft",
        watches,
        "with many pods, programs fail with 'too many open files'",
        "set fs.inotify.max_user_instances = 8192 in /etc/sysctl.d, or set hosts.kernel to managed",
    ),
)
