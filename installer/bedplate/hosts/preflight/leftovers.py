"""Preflight rules about what others have left on the host: files, programs, packages, holds, newer versions."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.distributions.find_distribution import find_distribution
from bedplate.hosts.preflight.host_rule import HostContext, HostRule


def files(context: HostContext) -> Iterator[str]:
    """Find files of another installation."""
    if context.facts.leftovers and not context.is_installed and not context.is_bastion:
        yield f"has {', '.join(context.facts.leftovers)} of another installation"


def programs(context: HostContext) -> Iterator[str]:
    """Find running programs of another installation."""
    if context.facts.programs and not context.is_installed and not context.is_bastion:
        yield f"runs {', '.join(context.facts.programs)}, which this environment has not installed"


def packages(context: HostContext) -> Iterator[str]:
    """Find packages that conflict with the release's own."""
    for package in context.facts.packages:
        if not context.is_bastion:
            yield f"has the package {package} installed"


def held_packages(context: HostContext) -> Iterator[str]:
    """Find packages on hold."""
    if context.facts.held:
        yield f"holds {', '.join(context.facts.held)}"


def newer_packages(context: HostContext) -> Iterator[str]:
    """Find packages of which the host has a newer version than the release's only one."""
    distribution = find_distribution(context.platform.distribution)
    for package, wanted in context.pinned.items():
        found = context.facts.versions.get(package, wanted)
        if distribution.is_newer(found, wanted):
            yield f"has {package} {found}, which is newer than the release's {wanted}"


RULES = (
    HostRule(
        "leftover-files",
        "hard",
        files,
        "kubeadm refuses to overwrite them, or the new cluster picks up data of the old one",
        "save what you need, then run `kubeadm reset` or reinstall the host",
    ),
    HostRule(
        "leftover-programs",
        "hard",
        programs,
        "they occupy ports, containers and network interfaces that the platform needs",
        "stop and remove them, or reinstall the host",
    ),
    HostRule(
        "package-contends",
        "hard",
        packages,
        "it starts services or installs programs that conflict with the release's own",
        "remove it with the host's package manager, on Debian with `apt-get purge`",
    ),
    HostRule(
        "packages-held",
        "soft",
        held_packages,
        "apply stops where the release needs another version of one of them",
        "nothing, if the held versions are the release's or newer; otherwise run `apt-mark unhold`",
    ),
    HostRule(
        "package-newer",
        "soft",
        newer_packages,
        "apply sets the package back: the release has it in this version only, and lacks the newer one's fixes",
        "nothing, if the older version will do; otherwise use a release that has the newer one",
    ),
)
