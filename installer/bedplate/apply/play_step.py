"""The form of a step that configures hosts: one tag of roles/site.yml, run by Ansible."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import httpx

from bedplate.apply.installation import Installation
from bedplate.apply.step import Journal, Outcome
from bedplate.config.host_spec import HostSpec
from bedplate.config.hosts import Host
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.core.sizes import count_of
from bedplate.distributions.find_distribution import find_distribution
from bedplate.hosts import ansible
from bedplate.store.own_installer import installer_digest

PROBE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class PlayStep(ABC):
    """The hosts of a play match their HostSpecs.

    Attributes:
        installation: environment and release.
        id: the play's tag in roles/site.yml, and the step's name in the ledger.
        title: what it does.
        groups: groups of hosts that the play configures.
    """

    installation: Installation
    id: ClassVar[str]
    title: ClassVar[str]
    groups: ClassVar[tuple[str, ...]]

    @property
    def where(self) -> str:
        """Return the names of its hosts."""
        return ", ".join(host.name for host in self._hosts())

    def key(self) -> str:
        """Return the digest of its hosts' specs and of the roles."""
        return digest.of([[spec.digest for spec in self.specs()], installer_digest()])

    def is_done(self) -> bool:
        """Return what the probe says; false where a host does not answer."""
        try:
            return self.probe()
        except (BedplateError, httpx.HTTPError, OSError):
            return False

    def run(self, journal: Journal) -> Outcome:
        """Run the play's roles on its hosts."""
        result = ansible.run_plays(
            self.installation.site,
            self.plays(),
            self.installation.specs,
            journal.path,
            report_task=journal.say,
        )
        return Outcome(result.changed, f"{count_of(result.changed, 'task')} changed" if result.changed else "")

    def plays(self) -> list[ansible.Play]:
        """Return its plays, with the role that the distribution names for packages."""
        distribution = find_distribution(self.installation.catalog.release.platform.distribution)
        return ansible.plays_tagged(self.id, distribution.package_source_role)

    @abstractmethod
    def probe(self) -> bool:
        """Return whether the play's result can be seen on its hosts."""

    def specs(self) -> list[HostSpec]:
        """Return the HostSpecs of its hosts."""
        names = {host.name for host in self._hosts()}
        return [spec for spec in self.installation.specs if spec.host in names]

    def _hosts(self) -> list[Host]:
        return [host for host in self.installation.site.hosts if set(host.groups) & set(self.groups)]
