"""The hosts of one run: which it configures, which it passes by and why, and what differs on them.

A worker that does not answer, is in maintenance or is not in --limit is passed by, and so is an installed worker that
answers, but cannot be configured. Nothing can be applied without the bastion and the control plane.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bedplate.apply.host_records import HostRecord, HostRecords
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.config.validation import suggestion
from bedplate.core.errors import BedplateError, InputError
from bedplate.hosts.host_command import on_each_host
from bedplate.hosts.ssh import UnreachableError
from bedplate.hosts.state.host_questions import HostQuestions, all_questions, wrong_items
from bedplate.hosts.state.read_state import read_state

State = dict[str, str] | UnreachableError
NO_DIGESTS: Mapping[str, Mapping[str, str]] = MappingProxyType({})
JOINED = "workers"
"""The step that a worker completed once if it is installed."""
MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class PassedBy:
    """Why a run does not configure a host.

    Attributes:
        reason: for people.
        is_wanted: whoever started the run, or hosts.yaml, said so; otherwise the run is incomplete.
    """

    reason: str
    is_wanted: bool = False


IN_MAINTENANCE = PassedBy("in maintenance", is_wanted=True)
NOT_IN_LIMIT = PassedBy("not in --limit", is_wanted=True)


@dataclass(slots=True)
class RunHosts:
    """The hosts of one run.

    Attributes:
        site: the environment.
        records: what the ledger says of them; None where nothing is recorded.
        every: whether steps that are complete run on them, too.
        release: the release that the run installs.
        passed_by: hosts that the run does not configure, by name.
        states: the state of the hosts that answered when the run began.
        not_restored: what is not as it must be although its step has just run, for people, by step and host.
    """

    site: Site
    records: HostRecords | None = None
    every: bool = False
    release: str = ""
    passed_by: dict[str, PassedBy] = field(default_factory=dict)
    states: dict[str, dict[str, str]] = field(default_factory=dict)
    not_restored: dict[tuple[str, str], str] = field(default_factory=dict)
    _known: dict[tuple[str, str], HostRecord] = field(default_factory=dict)

    @property
    def silent(self) -> list[str]:
        """Return the hosts that were passed by though they should have been configured."""
        return [name for name in self.reasons if not self.passed_by[name].is_wanted]

    @property
    def reasons(self) -> dict[str, str]:
        """Return why hosts were passed by, in the order of hosts.yaml."""
        return {host.name: self.passed_by[host.name].reason for host in self.site.hosts if host.name in self.passed_by}

    def chosen(self, hosts: Iterable[Host]) -> list[Host]:
        """Return those of some hosts that the run configures."""
        return [host for host in hosts if host.name not in self.passed_by]

    def contact(self) -> None:
        """Query every host once, and pass by the workers that do not answer.

        Raises:
            BedplateError: the bastion or the control plane does not answer.
        """
        records = self.records.all() if self.records else []
        self._known = {(record.step, record.host): record for record in records}
        questions: dict[str, list[HostQuestions]] = {host.name: [] for host in self.site.hosts}
        for record in records:
            questions.setdefault(record.host, []).append(record.questions)
        hosts = [host for host in self.site.hosts if is_needed(host) or host.name not in self.passed_by]
        for name, state in self._read({host: all_questions(questions[host.name]) for host in hosts}).items():
            self._take(name, state)

    def check_needed(self) -> None:
        """Raise BedplateError if the bastion or the control plane does not answer: they fail tasks of other hosts."""
        for name, state in self._read({h: HostQuestions() for h in self.site.hosts if is_needed(h)}).items():
            if isinstance(state, UnreachableError):
                self.pass_by(name, _reason(state))

    def pass_by(self, name: str, reason: str) -> None:
        """Leave a host out of the rest of the run, because it does not answer.

        Raises:
            BedplateError: it is the bastion or the control plane.
        """
        if is_needed(next(host for host in self.site.hosts if host.name == name)):
            hint = "nothing can be applied without it: bring it back, then run the same command again"
            raise BedplateError(f"host {name}", f"does not answer: {reason}", hint)
        self.passed_by.setdefault(name, PassedBy(f"does not answer: {reason}"))

    def can_miss(self, name: str) -> bool:
        """Return whether the run can pass by a host that answers: a worker that was installed before.

        What goes wrong on a host that was never installed is fixed before it is used.
        """
        workers = {host.name for host in self.site.hosts if not is_needed(host)}
        return name in workers and (JOINED, name) in self._known

    def pass_by_ill(self, name: str, reason: str) -> None:
        """Leave a worker out of the rest of the run, because it cannot be configured; see `can_miss`."""
        text = reason if len(reason) <= MAX_REASON else f"{reason[:MAX_REASON]}…"
        self.passed_by.setdefault(name, PassedBy(text))

    def unfinished(self, step: str, keys: Mapping[str, str]) -> dict[str, str]:
        """Return the hosts on which a step is not complete, each with the reason.

        Args:
            step: the step's id.
            keys: the digest of what the step is computed from, by host.
        """
        hosts = [host.name for host in self.chosen(self.site.hosts) if host.name in keys]
        found = {name: self._why(self._known.get((step, name)), keys[name]) for name in hosts}
        return {name: why for name, why in found.items() if why}

    def begin(self, step: str, hosts: Iterable[str]) -> None:
        """Record that a step begins on some hosts."""
        if self.records:
            names = [*hosts]
            self.records.begin_release(self.release, names)
            self.records.forget(step, names)

    def complete(
        self,
        step: str,
        keys: Mapping[str, str],
        questions: Mapping[str, HostQuestions],
        digests: Mapping[str, Mapping[str, str]] = NO_DIGESTS,
    ) -> None:
        """Record that a step is complete on some hosts, with the state that it left.

        Where an item is missing, or a file is not what the step writes, the step is not complete: what is recorded
        is what later runs restore.

        Args:
            step: the step's id.
            keys: the digest of what the step was computed from, by host.
            questions: the items of its state that the step owns, by host; without any, the host is not contacted.
            digests: the digest of each file that the step writes, by host and path.
        """
        if not self.records:
            return
        hosts = {host.name: host for host in self.site.hosts}
        states = self._read({hosts[name]: asked for name, asked in questions.items()})
        wrong: dict[str, str] = {}
        for name, state in states.items():
            if isinstance(state, UnreachableError):
                self.pass_by(name, _reason(state))
            elif items := wrong_items(state, digests.get(name, {})):
                wrong[name] = f"{name} is not as its roles must leave it: {', '.join(items)}"
        self.not_restored |= {(step, name): text for name, text in wrong.items()}
        # Where a state cannot be read, nothing would be compared later, so the step does not count as complete there.
        answers = {
            name: state
            for name, state in states.items()
            if not isinstance(state, UnreachableError) and (state or questions[name].is_empty)
        }
        self.records.put(
            HostRecord(step, name, key, asked, {**answers.get(name, {}), **asked.required()})
            for name, key in keys.items()
            if (name in answers or name not in states) and name not in wrong
            for asked in [questions.get(name, HostQuestions())]
        )

    def end_run(self) -> None:
        """Record which hosts the run passed by, which are at its release now, and forget hosts that were removed."""
        if self.records:
            self.records.keep_only(host.name for host in self.site.hosts)
            self.records.end_release(self.release, [host.name for host in self.chosen(self.site.hosts)])
            limited = self._limited()
            reasons = {name: reason for name, reason in self.reasons.items() if name not in limited}
            self.records.end_run([host.name for host in self.chosen(self.site.hosts)], reasons)

    def left_over(self) -> list[str]:
        """Return the hosts outside the run's limit that have something of another release, or of none yet."""
        releases = self.records.releases() if self.records else {}
        return [name for name in self._limited() if releases.get(name) != {self.release}]

    def _limited(self) -> list[str]:
        """Return the hosts outside the run's limit."""
        return [name for name, reason in self.passed_by.items() if reason is NOT_IN_LIMIT]

    def _why(self, record: HostRecord | None, key: str) -> str:
        if record is None or record.key != key:
            return "is not at this release and environment yet" if record else "was not configured yet"
        state = self.states.get(record.host, {})
        different = [item for item, answer in record.answers.items() if state.get(item) != answer]
        return f"differs: {', '.join(different)}" if different else ""

    def _read(self, questions: Mapping[Host, HostQuestions]) -> dict[str, State]:
        def ask(host: Host) -> State:
            try:
                return read_state(self.site, host, questions[host])
            except UnreachableError as error:
                return error

        return on_each_host(questions, ask)

    def _take(self, name: str, state: State) -> None:
        if isinstance(state, UnreachableError):
            self.pass_by(name, _reason(state))
        else:
            self.states[name] = state


def choose_hosts(
    site: Site, records: HostRecords | None, limit: Sequence[str] = (), *, every: bool = False
) -> RunHosts:
    """Return the hosts of a run before it contacts any.

    Args:
        site: the environment.
        records: what the ledger says of them.
        limit: names of the hosts to configure; all if there are none.
        every: whether steps that are complete run on them, too.

    Raises:
        InputError: the limit names a host that is not in hosts.yaml, or one in maintenance.
    """
    hosts = {host.name: host for host in site.hosts}
    for name in limit:
        if name not in hosts:
            raise InputError(f"--limit {name}", "is not a host of hosts.yaml", suggestion(name, [*hosts]))
        if hosts[name].in_maintenance:
            raise InputError(f"--limit {name}", "is in maintenance", "remove it from the group maintenance first")
    passed_by = dict.fromkeys([name for name in hosts if limit and name not in limit], NOT_IN_LIMIT)
    passed_by |= dict.fromkeys([name for name, host in hosts.items() if host.in_maintenance], IN_MAINTENANCE)
    return RunHosts(site, records, every, passed_by=passed_by)


def is_needed(host: Host) -> bool:
    """Return whether nothing can be applied without a host."""
    return host.groups != ("workers",)


def _reason(error: UnreachableError) -> str:
    return error.fact.removeprefix("failed: ")
