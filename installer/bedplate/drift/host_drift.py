"""Hosts compared with their HostSpecs: what the roles would change, asked for without changing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from bedplate.apply.installation import Installation
from bedplate.apply.play_step import PlayStep
from bedplate.core.errors import BedplateError
from bedplate.drift.drift_difference import Cause, HostDifference
from bedplate.hosts import ansible

Say = Callable[[str], None]


def read_host_drift(
    one: Installation, plays: Iterable[PlayStep], applied: Mapping[str, str], log: Path, say: Say
) -> tuple[list[HostDifference], list[str]]:
    """Return what the plays would change, and what could not be asked, with the reason.

    Args:
        one: environment and release.
        plays: the steps that touch hosts.
        applied: step to its key at its last run that ended well.
        log: gets Ansible's whole output.
        say: is told the task that begins.
    """
    found: list[HostDifference] = []
    unknown: list[str] = []
    for play in plays:
        try:
            tagged = ansible.plays_tagged(play.id)
            result = ansible.run_plays(one.site, tagged, one.specs, log, check=True, report_task=say)
        except BedplateError as error:
            unknown.append(f"{error.subject} {' '.join(error.fact.split())}")
        else:
            cause = Cause.CHANGED if applied.get(play.id) == play.key() else Cause.PENDING
            found += [HostDifference(change.host, cause, change.task, change.text) for change in result.changes]
    return sorted(found, key=lambda one: one.host), unknown
