"""Preflight rules about the kernel: features, control groups, swap and settings."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import GIB, HostContext, HostRule

REQUIRED_SETTINGS = {"net.ipv4.ip_forward": "1", "net.bridge.bridge-nf-call-iptables": "1"}
RECOMMENDED_INOTIFY_INSTANCES = 512


def features(context: HostContext) -> Iterator[str]:
    """Find features that the kernel lacks."""
    for feature, state in context.facts.features.items():
        if not context.is_bastion and state == "missing":
            yield f"has a kernel ({context.facts.kernel}) without {feature}"


def unloaded_modules(context: HostContext) -> Iterator[str]:
    """Find modules that the roles may not load."""
    for feature, state in context.facts.features.items():
        if not context.is_bastion and state == "loadable" and not context.managed:
            yield f"has not loaded the kernel module {feature}, and hosts.kernel is external"


def control_groups(context: HostContext) -> Iterator[str]:
    """Find version 1 of control groups."""
    if not context.is_bastion and context.facts.cgroup == 1:
        yield "uses control groups version 1"


def swap(context: HostContext) -> Iterator[str]:
    """Find swap."""
    if not context.is_bastion and context.facts.swap:
        then = "apply turns it off" if context.managed else "it stays on, because hosts.kernel is external"
        yield f"has {context.facts.swap / GIB:.1f} GiB of swap; {then}"


def settings(context: HostContext) -> Iterator[str]:
    """Find settings that the roles may not change."""
    for name, value in REQUIRED_SETTINGS.items():
        current = context.facts.sysctls.get(name, "")
        if not context.is_bastion and not context.managed and current != value:
            yield f"has {name} = {current or 'unset'} instead of {value}, and hosts.kernel is external"


def file_watches(context: HostContext) -> Iterator[str]:
    """Find a low limit of file watches."""
    limit = context.facts.sysctls.get("fs.inotify.max_user_instances", "")
    if (
        not context.is_bastion
        and not context.managed
        and limit.isdigit()
        and int(limit) < RECOMMENDED_INOTIFY_INSTANCES
    ):
        yield f"has fs.inotify.max_user_instances = {limit}; {RECOMMENDED_INOTIFY_INSTANCES} or more is recommended"


RULES = (
    HostRule(
        "kernel-feature-missing",
        "hard",
        features,
        "containers, pod networks or network policies do not work without it",
        "install the distribution's standard kernel with its modules",
    ),
    HostRule(
        "kernel-module-unloaded",
        "hard",
        unloaded_modules,
        "containers, pod networks or network policies do not work without it",
        "load it (modprobe) and list it in /etc/modules-load.d, or set hosts.kernel to managed",
    ),
    HostRule(
        "cgroup-v1",
        "soft",
        control_groups,
        "Kubernetes 1.35 and later refuse it by default, so a later release cannot be installed here",
        "boot with systemd.unified_cgroup_hierarchy=1",
    ),
    HostRule(
        "swap-on",
        "soft",
        swap,
        "memory limits of pods have no effect, and notebooks become slow instead of being stopped",
        "run `swapoff -a`, and remove swap from /etc/fstab",
    ),
    HostRule(
        "sysctl-unset",
        "hard",
        settings,
        "packets between pods are not forwarded, or bypass Services and network policies",
        "set it in /etc/sysctl.d, or set hosts.kernel to managed",
    ),
    HostRule(
        "inotify-low",
        "soft",
        file_watches,
        "on a host with many pods, programs fail with 'too many open files'",
        "set fs.inotify.max_user_instances = 8192 in /etc/sysctl.d, or set hosts.kernel to managed",
    ),
)
