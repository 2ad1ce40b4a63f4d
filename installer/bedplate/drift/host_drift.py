"""Drift of hosts: what the roles would change, found by Ansible's check mode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from bedplate.apply.installation import Installation
from bedplate.apply.play_step import PlayStep
from bedplate.core.errors import BedplateError
from bedplate.drift.drift_difference import HostDifference
from bedplate.hosts import ansible
from bedplate.object_drift.object_difference import Cause

Say = Callable[[str], None]


def read_host_drift(
    installation: Installation, plays: Iterable[PlayStep], applied: Mapping[str, str], log: Path, say: Say
) -> tuple[list[HostDifference], list[str]]:
    """Find what the plays would change; nothing is changed.

    Args:
        installation: environment and release.
        plays: the steps that configure hosts.
        applied: step to its key in its last successful run.
        log: the file for Ansible's whole output.
        say: reports each task that begins.

    Returns:
        The differences, and the reasons why hosts could not be queried.
    """
    differences: list[HostDifference] = []
    unknown: list[str] = []
    for play in plays:
        plays_of_step = play.plays()
        try:
            result = ansible.run_plays(
                installation.site, plays_of_step, installation.specs, log, check=True, report_task=say
            )
            ansible.refuse_failures(result.failures, plays_of_step, log)
        except BedplateError as error:
            unknown.append(f"{error.subject} {' '.join(error.fact.split())}")
        else:
            unknown += [f"host {name} does not answer: {reason}" for name, reason in result.unreachable.items()]
            cause = Cause.CHANGED if applied.get(play.id) == play.key() else Cause.PENDING
            differences += [HostDifference(change.host, cause, change.task, change.text) for change in result.changes]
    return sorted(differences, key=lambda difference: difference.host), unknown
