"""The drift of an environment, read on its bastion; nothing is changed."""

from __future__ import annotations

from collections.abc import Callable

from bedplate.apply.installation import Installation
from bedplate.apply.ledger import DONE, last_runs
from bedplate.apply.log_files import new_log_file
from bedplate.apply.play_step import PlayStep
from bedplate.apply.steps import phases
from bedplate.core.errors import BedplateError
from bedplate.drift import applied_objects, desired_objects, host_drift, live_objects, object_drift
from bedplate.drift.drift_difference import Drift, HostDifference, ObjectDifference
from bedplate.render import layer_order


def read_drift(one: Installation, *, with_hosts: bool = True, say: Callable[[str], None] = lambda _: None) -> Drift:
    """Return what differs between what is rendered, what was applied last, and what is there.

    Args:
        one: environment and release.
        with_hosts: ask the hosts too, which takes a minute.
        say: is told what is being asked.
    """
    applied, keys = _ledger(one)
    found, looked, unknown = _objects(one, say)
    told: list[HostDifference] = []
    if with_hosts:
        told, silent = host_drift.read_host_drift(one, _plays(one), keys, new_log_file(one.logs), say)
        unknown += silent
    return Drift(
        environment=one.site.environment.name,
        release=one.catalog.release.version,
        applied=applied,
        objects=tuple(found),
        hosts=tuple(told),
        unknown=tuple(unknown),
        looked=looked,
    )


def _objects(one: Installation, say: Callable[[str], None]) -> tuple[list[ObjectDifference], int, list[str]]:
    say("rendering")
    wanted = desired_objects.read_desired(one)
    applied = applied_objects.read_applied(one.site, layer_order.layers())
    say("asking the cluster")
    try:
        there = live_objects.read_live(one.site, {(key.group, key.kind) for key in (*wanted, *applied)})
    except BedplateError as error:
        return [], 0, [f"the cluster: {error.subject} {' '.join(error.fact.split())}"]
    return object_drift.compare_objects(wanted, applied, there), len(wanted), []


def _plays(one: Installation) -> list[PlayStep]:
    return [step for phase in phases(one, is_installed=True) for step in phase.steps if isinstance(step, PlayStep)]


def _ledger(one: Installation) -> tuple[str, dict[str, str]]:
    """Return the release that was applied last, and each done step's key."""
    release, steps = last_runs(one.site.ledger)
    return release, {step.step: step.key for step in steps if step.outcome == DONE}
