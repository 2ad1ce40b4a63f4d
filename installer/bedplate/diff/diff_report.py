"""The whole diff of two snapshots: what differs, and the effects."""

from __future__ import annotations

from bedplate.diff.compare.compare_snapshots import compare
from bedplate.diff.compare.live_objects import without_made
from bedplate.diff.compare.namespaces import settle_namespaces
from bedplate.diff.effects.all_effects import find_effects
from bedplate.diff.effects.effect_finding import DiffReport
from bedplate.kube.snapshot import Snapshot


def make_report(old: Snapshot, new: Snapshot, namespace: str = "") -> DiffReport:
    """Compare two snapshots and find the effects of the changes.

    Args:
        old: the snapshot before.
        new: the snapshot after.
        namespace: where objects without a written namespace are applied; empty to find it.
    """
    old, new = without_made(*settle_namespaces(old, new, namespace))
    changes = compare(old, new)
    return DiffReport(old.name, new.name, changes, find_effects(old, new, changes), (*old.notes, *new.notes))
