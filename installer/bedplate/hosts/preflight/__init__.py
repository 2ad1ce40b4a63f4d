"""`bedplate preflight`: what could go wrong on the hosts, before anything is changed.

``gather`` asks, each family's module judges with pure rules, ``run`` does both.
"""

from __future__ import annotations

from collections.abc import Iterable

from bedplate.config import validation, yaml_document
from bedplate.config.environments import Site
from bedplate.config.release import Platform, Release
from bedplate.core import paths
from bedplate.core.errors import InputError
from bedplate.hosts.preflight import gather, ownership
from bedplate.hosts.preflight.gather import HostAnswer
from bedplate.hosts.preflight.host_finding import HostFinding
from bedplate.hosts.preflight.host_rule import HostContext, HostRule
from bedplate.hosts.preflight.rules import RULES

__all__ = ["Finding", "gather", "judge", "run"]


def run(site: Site, *, is_installed: bool) -> list[HostFinding]:
    """Ask every host of a site and return the findings, in the order of hosts and rules.

    Args:
        site: the environment.
        is_installed: this environment's ledger says that the platform is installed: what it owns is expected.
    """
    return judge(
        site, gather.gather(site), platform(site), is_installed=is_installed, bastion_in_use=ownership.bastion_in_use()
    )


def judge(
    site: Site, answers: Iterable[HostAnswer], wanted: Platform, *, is_installed: bool, bastion_in_use: bool = False
) -> list[HostFinding]:
    """Return the findings that follow from the answers; pure."""
    findings = []
    for answer in answers:
        if answer.failure or answer.facts is None or answer.clock is None:
            findings.append(_finding(site, answer.failure or RULES[0], answer.host.name, answer.message))
            continue
        ours = is_installed or (bastion_in_use and answer.host == site.bastion)
        context = HostContext(site, wanted, answer.host, answer.facts, answer.clock, ours)
        findings += [_finding(site, rule, answer.host.name, what) for rule in RULES for what in rule.check(context)]
    return findings


def platform(site: Site) -> Platform:
    """Return what the site's release runs on."""
    version = site.environment.release
    for tree in paths.search_path():
        file = tree / "releases" / version / "release.yaml"
        if file.is_file() and (release := validation.validate(yaml_document.read(file), Release).model):
            return release.platform
    raise InputError(f"release {version}", "is in no tree", f"bedplate check {site.environment.name}")


def _finding(site: Site, rule: HostRule, host: str, what: str) -> HostFinding:
    reasons = {accepted.id: accepted.reason for accepted in site.environment.preflight.accept}
    return HostFinding(rule.id, rule.severity, host, what, rule.why, rule.action, reasons.get(rule.id, ""))
