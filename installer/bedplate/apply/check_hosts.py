"""Step "Check hosts": preflight, which stops the apply at a hard finding that is not accepted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.installation import Installation
from bedplate.apply.run_hosts import RunHosts
from bedplate.apply.step import Journal, Outcome
from bedplate.artifacts.host_packages import pinned_versions
from bedplate.config.catalog import Catalog
from bedplate.config.environments import Site
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.core.sizes import count_of
from bedplate.hosts import preflight
from bedplate.hosts.preflight.host_finding import HostFinding
from bedplate.hosts.preflight.login import WORKER_SILENT
from bedplate.hosts.preflight.wanted_hosts import WantedHosts
from bedplate.render.host_inputs import groups_by_host


def wanted_hosts(site: Site, catalog: Catalog) -> WantedHosts:
    """Return what a release wants of a site's hosts; contacts no host."""
    groups = groups_by_host(site)
    pinned = {each: pinned_versions(catalog, each) for each in {*groups.values()}}
    return WantedHosts(catalog.release.platform, {name: pinned[each] for name, each in groups.items()})


@dataclass(frozen=True, slots=True)
class CheckHosts:
    """No host that is configured has a hard finding that is not accepted; installed workers with one are passed by.

    Attributes:
        installation: environment and release.
        hosts: the hosts of the run.
        is_installed: whether the environment was installed before; what it owns on the hosts is then expected.
    """

    installation: Installation
    hosts: RunHosts
    is_installed: bool
    id: ClassVar = "preflight"
    title: ClassVar = "Check hosts"
    where: ClassVar = "all hosts"

    def key(self) -> str:
        """Return the digest of the environment and its hosts."""
        site = self.installation.site
        return digest.of([site.environment.model_dump(mode="json"), [h.model_dump(mode="json") for h in site.hosts]])

    def is_done(self) -> bool:
        """Return whether each host was checked; the later steps probe the hosts themselves."""
        return not self.hosts.unfinished(self.id, self._keys())

    def run(self, journal: Journal) -> Outcome:
        """Query every host.

        Raises:
            BedplateError: hosts that cannot be passed by have hard findings; it lists all of them.
        """
        chosen = self.hosts.chosen(self.installation.site.hosts)
        wanted = wanted_hosts(self.installation.site, self.installation.catalog)
        findings = preflight.run(self.installation.site, wanted, is_installed=self.is_installed, hosts=chosen)
        for finding in findings:
            if finding.id == WORKER_SILENT.id:
                self.hosts.pass_by(finding.host, finding.what.removeprefix("cannot be probed: "))
            journal.write(f"{finding.severity} {finding.id} on {finding.host}: {finding.what} ({finding.accepted})")
        blocking = self._pass_by_ill(findings, journal)
        if blocking:
            name = self.installation.site.environment.name
            raise BedplateError(
                "preflight",
                "found problems to fix first:\n  " + "\n  ".join(_text(finding) for finding in blocking),
                f"run `bedplate preflight {name}`",
            )
        checked = {host.name for host in self.hosts.chosen(chosen)}
        self.hosts.complete(self.id, {name: key for name, key in self._keys().items() if name in checked}, {})
        return Outcome(0, f"{count_of(len(findings), 'finding')}, none blocking")

    def _pass_by_ill(self, findings: Iterable[HostFinding], journal: Journal) -> list[HostFinding]:
        """Pass by the installed workers with findings that stop; return the findings of the other hosts that do."""
        blocking = []
        for finding in findings:
            if finding.stops and self.hosts.can_miss(finding.host):
                journal.write(f"{finding.host} is passed by: {_text(finding)}")
                self.hosts.pass_by_ill(finding.host, f"{finding.what} ({finding.id})")
            elif finding.stops:
                blocking.append(finding)
        return blocking

    def _keys(self) -> dict[str, str]:
        return dict.fromkeys([host.name for host in self.installation.site.hosts], self.key())


def _text(finding: HostFinding) -> str:
    return f"{finding.host}: {finding.what} ({finding.id}). {finding.action}"
