"""The hosts that an acceptance run tests: those that answer, without those in maintenance."""

from __future__ import annotations

from dataclasses import dataclass

from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.errors import BedplateError
from bedplate.hosts.host_command import on_each_host, run_on_host

ANSWER_SECONDS = 20
MAINTENANCE = "in maintenance"


@dataclass(frozen=True, slots=True)
class HostSelection:
    """Which hosts are tested, and why others are not.

    Attributes:
        tested: the hosts that answer.
        silent: host that should answer and does not, to the reason.
        maintained: hosts that are listed as in maintenance; they are not contacted.
    """

    tested: tuple[Host, ...]
    silent: dict[str, str]
    maintained: tuple[str, ...]

    @property
    def nodes(self) -> frozenset[str]:
        """Return the names of the tested hosts that are nodes."""
        return frozenset(host.name for host in self.tested if {"control_plane", "workers"} & {*host.groups})

    @property
    def not_tested(self) -> dict[str, str]:
        """Return the hosts that are left out, each with the reason."""
        return {**dict.fromkeys(self.maintained, MAINTENANCE), **self.silent}


def select_hosts(site: Site) -> HostSelection:
    """Contact every host that is not in maintenance, many at once."""
    maintained = {host.name for host in site.hosts if host.in_maintenance}
    asked = [host for host in site.hosts if host.name not in maintained]
    reasons = on_each_host(asked, lambda host: _silence(site, host))
    return HostSelection(
        tested=tuple(host for host in asked if not reasons[host.name]),
        silent={name: reason for name, reason in reasons.items() if reason},
        maintained=tuple(sorted(maintained)),
    )


def _silence(site: Site, host: Host) -> str:
    """Return why a host does not answer; empty if it does."""
    try:
        run_on_host(site, host, ["true"], timeout=ANSWER_SECONDS)
    except BedplateError as error:
        return error.fact
    return ""
