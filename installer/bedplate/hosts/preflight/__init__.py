"""Preflight checks of the hosts (`bedplate preflight`): what could go wrong, before anything is changed.

``probe_hosts`` gathers facts, each module of rules evaluates the facts, and ``run`` does both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.hosts.preflight import ownership
from bedplate.hosts.preflight.gather_facts import ProbeResult, probe_hosts
from bedplate.hosts.preflight.host_finding import HostFinding
from bedplate.hosts.preflight.host_rule import HostContext, HostRule
from bedplate.hosts.preflight.login import LOGIN_FAILED, WORKER_SILENT
from bedplate.hosts.preflight.rules import RULES
from bedplate.hosts.preflight.wanted_hosts import WantedHosts


def run(
    site: Site, wanted: WantedHosts, *, is_installed: bool, hosts: Collection[Host] | None = None
) -> list[HostFinding]:
    """Probe hosts of a site and return the findings, in the order of hosts and rules.

    Args:
        site: the environment.
        wanted: what its release wants of the hosts.
        is_installed: the platform is installed here, so what it owns is expected.
        hosts: which of its hosts; by default all but those in maintenance.
    """
    probed = [host for host in site.hosts if not host.in_maintenance] if hosts is None else hosts
    results, in_use = probe_hosts(site, probed, wanted), bool(ownership.served_environment())
    return evaluate(site, results, wanted, is_installed=is_installed, bastion_in_use=in_use)


def evaluate(
    site: Site, results: Iterable[ProbeResult], wanted: WantedHosts, *, is_installed: bool, bastion_in_use: bool = False
) -> list[HostFinding]:
    """Return the findings that follow from the probes' results; contacts no host."""
    findings = []
    for result in results:
        name = result.host.name
        if result.failure or result.facts is None or result.clock is None:
            findings.append(_finding(site, _failed_rule(result), name, result.message))
            continue
        is_expected = is_installed or (bastion_in_use and result.host == site.bastion)
        context = HostContext(site, wanted, result.host, result.facts, result.clock, is_expected)
        findings += [_finding(site, rule, name, fact) for rule in RULES for fact in rule.check(context)]
    return findings


def _failed_rule(result: ProbeResult) -> HostRule:
    """Return the rule of a host without facts; an apply goes on without a worker that does not answer."""
    failure = result.failure or LOGIN_FAILED
    return WORKER_SILENT if failure is LOGIN_FAILED and result.host.groups == ("workers",) else failure


def _finding(site: Site, rule: HostRule, host: str, fact: str) -> HostFinding:
    reasons = {accepted.id: accepted.reason for accepted in site.environment.preflight.accept}
    return HostFinding(rule.id, rule.severity, host, fact, rule.why, rule.action, reasons.get(rule.id, ""))
