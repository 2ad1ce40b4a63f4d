"""Rules about other installations on the host."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import HostContext, HostRule


def files(context: HostContext) -> Iterator[str]:
    """Find files of another installation."""
    if context.facts.leftovers and not context.is_installed and not context.is_bastion:
        yield f"has {', '.join(context.facts.leftovers)} of another installation"


def programs(context: HostContext) -> Iterator[str]:
    """Find running programs of another installation."""
    if context.facts.programs and not context.is_installed and not context.is_bastion:
        yield f"runs {', '.join(context.facts.programs)}, which this environment's ledger does not know"


def packages(context: HostContext) -> Iterator[str]:
    """Find packages that contend with ours."""
    for package in context.facts.packages:
        if not context.is_bastion:
            yield f"has the package {package} installed"


RULES = (
    HostRule(
        "leftover-files",
        "hard",
        files,
        "kubeadm refuses to start over them, or the new cluster mixes with the old one's data",
        "kubeadm reset, or install the host anew; keep what is needed of it first",
    ),
    HostRule(
        "leftover-programs",
        "hard",
        programs,
        "they hold ports, containers and network interfaces that the platform needs",
        "stop and remove them, or install the host anew",
    ),
    HostRule(
        "package-contends",
        "hard",
        packages,
        "it starts services or brings programs that contend with the release's own",
        "apt-get purge it",
    ),
)
