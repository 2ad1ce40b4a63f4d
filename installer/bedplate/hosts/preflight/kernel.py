"""Preflight rules about the kernel: features, control groups, swap and settings."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight import node_settings
from bedplate.hosts.preflight.facts import SettingLine
from bedplate.hosts.preflight.host_rule import GIB, HostContext, HostRule
from bedplate.hosts.preflight.site_probe import PROCPS_FILE

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


def swap_units(context: HostContext) -> Iterator[str]:
    """Find units that turn swap on at the next boot, where the roles may not mask them."""
    for unit in context.facts.swap_units:
        if not context.is_bastion and not context.managed:
            yield f"turns swap on at boot by {unit}, and hosts.kernel is external"


def settings(context: HostContext) -> Iterator[str]:
    """Find settings that the roles may not change."""
    for name, value in REQUIRED_SETTINGS.items():
        current = context.facts.sysctls.get(name, "")
        if not context.is_bastion and not context.managed and current != value:
            yield f"has {name} = {current or 'unset'} instead of {value}, and hosts.kernel is external"


def overridden_settings(context: HostContext) -> Iterator[str]:
    """Find files that win over the roles' own at boot."""
    for line in _contrary_lines(context):
        if line.file != PROCPS_FILE and line.file.rpartition("/")[2] > node_settings.FILE:
            yield f"sets {line.name} = {line.value} in {line.file}, which is read after {node_settings.FILE}"


def conflicting_settings(context: HostContext) -> Iterator[str]:
    """Find lines that win whenever someone runs `sysctl --system`."""
    for line in _contrary_lines(context):
        if line.file == PROCPS_FILE:
            yield f"sets {line.name} = {line.value} in {line.file}; nodes need {_needed()[line.name]}"


def changed_settings(context: HostContext) -> Iterator[str]:
    """Find settings of an installed node that are not in effect any more."""
    if context.is_bastion or not context.managed or not context.is_installed:
        return
    for name, wanted in _needed().items():
        value = context.facts.settings.get(name, wanted)
        if value != wanted:
            yield f"has {name} = {value or 'unset'} instead of {wanted}; apply sets it again"


def _contrary_lines(context: HostContext) -> list[SettingLine]:
    """Return the site's lines that set another value than nodes need, where the roles own the settings."""
    if context.is_bastion or not context.managed:
        return []
    return [line for line in context.facts.setting_lines if line.value != _needed()[line.name]]


def _needed() -> dict[str, str]:
    return node_settings.node_settings()


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
        "swap-returns",
        "soft",
        swap_units,
        "after a reboot the kubelet does not start, or memory limits of pods have no effect",
        "run `systemctl mask swap.target` and `swapoff -a`, or set hosts.kernel to managed",
    ),
    HostRule(
        "sysctl-overridden",
        "hard",
        overridden_settings,
        "the file read last wins, so the node would lose its settings at every boot",
        f"remove the line, or rename the file so that it sorts before {node_settings.FILE}",
    ),
    HostRule(
        "sysctl-conflicts",
        "soft",
        conflicting_settings,
        "`sysctl --system`, which hardening jobs run, reads this file last and would cut off the node's pods",
        "remove the line, or set it to the value that nodes need",
    ),
    HostRule(
        "sysctl-changed",
        "soft",
        changed_settings,
        "packets between pods are not forwarded or filtered, or the kubelet does not start again",
        "run `bedplate apply`, and find what changes it",
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
