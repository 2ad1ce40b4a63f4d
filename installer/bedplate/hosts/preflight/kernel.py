"""Rules about the kernel: features, control groups, swap, settings."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import GIB, HostContext, HostRule

NEEDED = {"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"}
INSTANCES = 512


def features(context: HostContext) -> Iterator[str]:
    """Find features that are not there and will not be."""
    for feature, state in context.facts.features.items():
        if not context.is_bastion and state == "missing":
            yield f"has a kernel ({context.facts.kernel}) without {feature}"


def unloaded(context: HostContext) -> Iterator[str]:
    """Find modules that somebody else must load."""
    for feature, state in context.facts.features.items():
        if not context.is_bastion and state == "loadable" and not context.managed:
            yield f"has not loaded the kernel module {feature}, and hosts.kernel is external"


def cgroups(context: HostContext) -> Iterator[str]:
    """Find old control groups."""
    if not context.is_bastion and context.facts.cgroup == 1:
        yield "has control groups of version 1"


def swap(context: HostContext) -> Iterator[str]:
    """Find swap."""
    if not context.is_bastion and context.facts.swap:
        then = "it will be turned off" if context.managed else "it stays on, as hosts.kernel is external"
        yield f"has {context.facts.swap / GIB:.1f} GiB of swap; {then}"


def settings(context: HostContext) -> Iterator[str]:
    """Find settings that somebody else must make."""
    for name, value in NEEDED.items():
        found = context.facts.sysctls.get(name, "")
        if not context.is_bastion and not context.managed and found != value:
            yield f"has {name} = {found or 'unset'} and not {value}, and hosts.kernel is external"


def watches(context: HostContext) -> Iterator[str]:
    """Find low limits of file watches."""
    found = context.facts.sysctls.get("fs.inotify.max_user_instances", "")
    if not context.is_bastion and not context.managed and found.isdigit() and int(found) < INSTANCES:
        yield f"has fs.inotify.max_user_instances = {found}; {INSTANCES} or more is usual"


RULES = (
    HostRule(
        "kernel-feature-missing",
        "hard",
        features,
        "containers, pod networks or network policies do not work without it",
        "install the distribution's own kernel with its modules",
    ),
    HostRule(
        "kernel-module-unloaded",
        "hard",
        unloaded,
        "containers, pod networks or network policies do not work without it",
        "load it (modprobe) and list it in /etc/modules-load.d, or set hosts.kernel to managed",
    ),
    HostRule(
        "cgroup-v1",
        "soft",
        cgroups,
        "Kubernetes 1.35 and later refuse it by default: a later release cannot be installed here",
        "boot with systemd.unified_cgroup_hierarchy=1",
    ),
    HostRule(
        "swap-on",
        "soft",
        swap,
        "memory limits of pods lose their meaning, and notebooks become slow instead of ending",
        "swapoff -a, and take swap out of /etc/fstab",
    ),
    HostRule(
        "sysctl-unset",
        "hard",
        settings,
        "packets between pods are not forwarded, or Services and policies do not see them",
        "set it in /etc/sysctl.d, or set hosts.kernel to managed",
    ),
    HostRule(
        "inotify-low",
        "soft",
        watches,
        "with many pods, programs fail with 'too many open files'",
        "set fs.inotify.max_user_instances = 8192 in /etc/sysctl.d, or set hosts.kernel to managed",
    ),
)
