"""A preflight rule: a function from a host's facts to findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.config.release import Platform
from bedplate.hosts.preflight.facts import Clock, Facts
from bedplate.hosts.preflight.host_finding import Severity
from bedplate.hosts.preflight.wanted_hosts import WantedHosts

GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class HostContext:
    """What a rule evaluates.

    Attributes:
        site: the environment.
        wanted: what the release wants of the site's hosts.
        host: the host in question.
        facts: the result of its probe.
        clock: its clock compared with the bastion's.
        is_installed: the platform is installed on the host, so what it owns is expected.
    """

    site: Site
    wanted: WantedHosts
    host: Host
    facts: Facts
    clock: Clock
    is_installed: bool

    @property
    def platform(self) -> Platform:
        """Return what the release is built for."""
        return self.wanted.platform

    @property
    def pinned(self) -> Mapping[str, str]:
        """Return the packages that the host has in exactly the release's version."""
        return self.wanted.pinned_on(self.host.name)

    @property
    def is_bastion(self) -> bool:
        """Return whether the host runs the installer and the mirror."""
        return "bastion" in self.host.groups

    @property
    def is_control_plane(self) -> bool:
        """Return whether the host runs the API server and etcd."""
        return "control_plane" in self.host.groups

    @property
    def managed(self) -> bool:
        """Return whether the roles may change kernel settings, swap, modules and clock."""
        return self.site.environment.hosts.kernel == "managed"


@dataclass(frozen=True, slots=True)
class HostRule:
    """One kind of finding.

    Attributes:
        id: its name in preflight.accept.
        severity: hard or soft.
        check: yields what is wrong: one text per finding.
        why: why it matters.
        action: what to do.
    """

    id: str
    severity: Severity
    check: Callable[[HostContext], Iterator[str]]
    why: str
    action: str
