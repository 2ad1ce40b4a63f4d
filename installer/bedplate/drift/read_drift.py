"""Reading the drift of an environment, on its bastion, without changing anything."""

from __future__ import annotations

from collections.abc import Callable

from bedplate.apply.installation import Installation
from bedplate.apply.ledger import DONE, last_runs
from bedplate.apply.log_files import new_log_file
from bedplate.apply.play_step import PlayStep
from bedplate.apply.run_hosts import choose_hosts
from bedplate.apply.steps import phases
from bedplate.core.errors import BedplateError
from bedplate.drift import host_drift
from bedplate.drift.drift_difference import Drift, HostDifference
from bedplate.object_drift import applied_objects, compare_objects, desired_objects, live_objects
from bedplate.object_drift.object_difference import ObjectDifference


def read_drift(
    installation: Installation, *, with_hosts: bool = True, say: Callable[[str], None] = lambda _: None
) -> Drift:
    """Compare what is rendered with what was applied last and what is live.

    Args:
        installation: environment and release.
        with_hosts: whether to query the hosts, too, which takes a minute.
        say: reports what is being queried.
    """
    applied, keys = _ledger(installation)
    objects, looked, unknown = _objects(installation, say)
    hosts: list[HostDifference] = []
    if with_hosts:
        hosts, silent = host_drift.read_host_drift(
            installation, _plays(installation), keys, new_log_file(installation.logs), say
        )
        unknown += silent
    return Drift(
        environment=installation.site.environment.name,
        release=installation.catalog.release.version,
        applied=applied,
        objects=tuple(objects),
        hosts=tuple(hosts),
        unknown=tuple(unknown),
        looked=looked,
    )


def _objects(installation: Installation, say: Callable[[str], None]) -> tuple[list[ObjectDifference], int, list[str]]:
    say("rendering")
    wanted = desired_objects.read_desired(installation.site, installation.objects)
    applied = applied_objects.read_applied(installation.site)
    say("querying the cluster")
    try:
        live = live_objects.read_live(installation.site, {(key.group, key.kind) for key in (*wanted, *applied)})
    except BedplateError as error:
        return [], 0, [f"the cluster: {error.subject} {' '.join(error.fact.split())}"]
    return compare_objects.compare_objects(wanted, applied, live), len(wanted), []


def _plays(installation: Installation) -> list[PlayStep]:
    ordered = phases(installation, choose_hosts(installation.site, None), is_installed=True)
    return [step for phase in ordered for step in phase.steps if isinstance(step, PlayStep)]


def _ledger(installation: Installation) -> tuple[str, dict[str, str]]:
    """Return the release that was applied last, and the keys of the steps that are done."""
    release, steps = last_runs(installation.site.ledger)
    return release, {step.step: step.key for step in steps if step.outcome == DONE}
