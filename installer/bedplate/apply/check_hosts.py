"""Step "Check hosts": preflight, which stops the apply at a hard finding that is not accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from bedplate.apply.installation import Installation
from bedplate.apply.step import Journal, Outcome
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.core.sizes import count_of
from bedplate.hosts import preflight


@dataclass(frozen=True, slots=True)
class CheckHosts:
    """No host has a hard finding that is not accepted.

    Attributes:
        installation: environment and release.
        is_installed: whether the environment was installed before; what it owns on the hosts is then expected.
    """

    installation: Installation
    is_installed: bool
    id: ClassVar = "preflight"
    title: ClassVar = "Check hosts"
    where: ClassVar = "all hosts"

    def key(self) -> str:
        """Return the digest of the environment and its hosts."""
        site = self.installation.site
        return digest.of([site.environment.model_dump(mode="json"), [h.model_dump(mode="json") for h in site.hosts]])

    def is_done(self) -> bool:
        """Return true: the later steps probe the hosts themselves."""
        return True

    def run(self, journal: Journal) -> Outcome:
        """Query every host.

        Raises:
            BedplateError: hosts have hard findings; it lists all of them.
        """
        findings = preflight.run(self.installation.site, is_installed=self.is_installed)
        for finding in findings:
            journal.write(f"{finding.severity} {finding.id} on {finding.host}: {finding.what} ({finding.accepted})")
        blocking = [
            f"{finding.host}: {finding.what} ({finding.id}). {finding.action}" for finding in findings if finding.stops
        ]
        if blocking:
            name = self.installation.site.environment.name
            raise BedplateError(
                "preflight",
                "found problems to fix first:\n  " + "\n  ".join(blocking),
                f"run `bedplate preflight {name}`",
            )
        return Outcome(0, f"{count_of(len(findings), 'finding')}, none blocking")
