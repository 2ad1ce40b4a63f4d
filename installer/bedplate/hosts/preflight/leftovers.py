"""Rules about other installations on the host."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import Look, Rule


def files(look: Look) -> Iterator[str]:
    """Find files of another installation."""
    if look.facts.leftovers and not look.ledgered and not look.is_bastion:
        yield f"has {', '.join(look.facts.leftovers)} of another installation"


def programs(look: Look) -> Iterator[str]:
    """Find running programs of another installation."""
    if look.facts.programs and not look.ledgered and not look.is_bastion:
        yield f"runs {', '.join(look.facts.programs)}, which this environment's ledger does not know"


def packages(look: Look) -> Iterator[str]:
    """Find packages that contend with ours."""
    for package in look.facts.packages:
        if not look.is_bastion:
            yield f"has the package {package} installed"


RULES = (
    Rule(
        "leftover-files",
        "hard",
        files,
        "kubeadm refuses to start over them, or the new cluster mixes with the old one's data",
        "kubeadm reset, or install the host anew; keep what is needed of it first",
    ),
    Rule(
        "leftover-programs",
        "hard",
        programs,
        "they hold ports, containers and network interfaces that the platform needs",
        "stop and remove them, or install the host anew",
    ),
    Rule(
        "package-contends",
        "hard",
        packages,
        "it starts services or brings programs that contend with the release's own",
        "apt-get purge it",
    ),
)
