"""The form of a step that configures hosts: one tag of roles/site.yml, run by Ansible."""

from __future__ import annotations

from abc import ABC
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import httpx

from bedplate.apply.installation import Installation
from bedplate.apply.run_hosts import RunHosts
from bedplate.apply.step import Journal, Outcome
from bedplate.apply.step_questions import digests_of_files, questions_of_step
from bedplate.config.host_spec import HostSpec
from bedplate.config.hosts import Host
from bedplate.core import digest
from bedplate.core.errors import BedplateError
from bedplate.core.sizes import count_of
from bedplate.distributions.distribution import Distribution
from bedplate.distributions.find_distribution import find_distribution
from bedplate.hosts import ansible
from bedplate.hosts.play_result import TaskFailure
from bedplate.store.own_installer import installer_digest

PROBE_SECONDS = 5.0
MAX_NAMED = 5
"""Hosts of a step that are shown by name."""


@dataclass(frozen=True, slots=True)
class PlayStep(ABC):
    """The hosts of a play match their HostSpecs.

    Attributes:
        installation: environment and release.
        hosts: the hosts of the run.
        id: the play's tag in roles/site.yml, and the step's name in the ledger.
        title: what it does.
        groups: groups of hosts that the play configures.
    """

    installation: Installation
    hosts: RunHosts
    id: ClassVar[str]
    title: ClassVar[str]
    groups: ClassVar[tuple[str, ...]]

    @property
    def where(self) -> str:
        """Return the names of its hosts; of many, their number."""
        names = [host.name for host in self.chosen()]
        return ", ".join(names) if len(names) <= MAX_NAMED else count_of(len(names), "host")

    def key(self) -> str:
        """Return the digest of its hosts' specs and of the roles."""
        return digest.of([[spec.digest for spec in self.specs()], installer_digest()])

    def is_done(self) -> bool:
        """Return whether it is complete on each host, no host's state differs, and its result answers."""
        return not self.hosts.unfinished(self.id, self._keys()) and self._answers()

    def run(self, journal: Journal) -> Outcome:
        """Run the play's roles on the hosts where it is not complete; on all where its result does not answer."""
        reasons = self.hosts.unfinished(self.id, self._keys())
        for name, reason in reasons.items():
            journal.write(f"{name} {reason}")
        if self.hosts.every or not (reasons or self._answers()):
            reasons = {host.name: "" for host in self.chosen()}
        changed = self._run_plays([*reasons], journal) if reasons else 0
        left = [text for name in reasons if (text := self.hosts.not_restored.get((self.id, name)))]
        for text in left:
            journal.write(text)
        return Outcome(changed, f"{count_of(changed, 'task')} changed" if changed else "", tuple(left))

    def plays(self) -> list[ansible.Play]:
        """Return its plays, with the role that the distribution names for packages."""
        return ansible.plays_tagged(self.id, self._distribution().package_source_role)

    def probe(self) -> bool:
        """Return whether the play's result can be seen from outside its hosts."""
        return True

    def specs(self) -> list[HostSpec]:
        """Return the HostSpecs of its hosts."""
        names = {host.name for host in self._members()}
        return [spec for spec in self.installation.specs if spec.host in names]

    def chosen(self) -> list[Host]:
        """Return its hosts that the run configures."""
        return self.hosts.chosen(self._members())

    def _run_plays(self, names: Collection[str], journal: Journal) -> int:
        """Run the plays on some hosts, and return the number of changes.

        A worker that stops answering is passed by, and so is one on which a task fails, if it is installed already.
        Where the plays ran to their end, the step is complete, whatever happened on other hosts.

        Raises:
            BedplateError: a task failed on a host that cannot be passed by.
        """
        self.hosts.begin(self.id, names)
        plays, changed = self.plays(), 0
        failed: set[str] = set()
        fatal: list[TaskFailure] = []
        is_at_end = False
        while left := [name for name in names if name not in self.hosts.passed_by]:
            result = ansible.run_plays(
                self.installation.site,
                plays,
                self.installation.specs,
                journal.path,
                hosts=left,
                report_task=journal.say,
            )
            changed += result.changed
            self._pass_by(result.unreachable, journal)
            fatal = self._pass_by_failed(result.failures, journal)
            failed = {failure.host for failure in fatal}
            is_at_end = result.plays == len(plays) and "" not in failed
            if fatal or is_at_end or not (result.unreachable or result.failures):
                break
        if is_at_end:
            self._complete([name for name in left if name not in failed and name not in self.hosts.passed_by])
        ansible.refuse_failures(fatal, plays, journal.path)
        return changed

    def _pass_by(self, unreachable: Mapping[str, str], journal: Journal) -> None:
        if unreachable:
            self.hosts.check_needed()
        for name, reason in unreachable.items():
            journal.write(f"{name} does not answer: {reason}")
            self.hosts.pass_by(name, " ".join(reason.split()))

    def _pass_by_failed(self, failures: Iterable[TaskFailure], journal: Journal) -> list[TaskFailure]:
        """Pass by the hosts that the run can miss; return the failures on the others."""
        fatal = []
        for failure in failures:
            if failure.host and self.hosts.can_miss(failure.host):
                journal.write(f"{failure.host} is passed by: {failure.text}")
                self.hosts.pass_by_ill(failure.host, " ".join(failure.text.split()))
            else:
                fatal.append(failure)
        return fatal

    def _complete(self, names: Collection[str]) -> None:
        keys = self._keys()
        specs = [spec for spec in self.specs() if spec.host in names]
        questions = questions_of_step(self.id, specs, self._distribution())
        digests = {spec.host: digests_of_files(spec) for spec in specs}
        self.hosts.complete(self.id, {name: keys[name] for name in names}, questions, digests)

    def _answers(self) -> bool:
        try:
            return self.probe()
        except (BedplateError, httpx.HTTPError, OSError):
            return False

    def _keys(self) -> dict[str, str]:
        return {spec.host: digest.of([spec.digest, installer_digest()]) for spec in self.specs()}

    def _distribution(self) -> Distribution:
        return find_distribution(self.installation.catalog.release.platform.distribution)

    def _members(self) -> list[Host]:
        return [host for host in self.installation.site.hosts if set(host.groups) & set(self.groups)]
