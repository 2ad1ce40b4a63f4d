"""A whole diff of two sides: what differs, and what that will do."""

from __future__ import annotations

from bedplate.diff.all_effects import meaning
from bedplate.diff.compare.compare_snapshots import compare
from bedplate.diff.rules.effect_finding import Report
from bedplate.kube.snapshot import Side


def report(old: Side, new: Side) -> Report:
    """Compare two sides and judge the changes."""
    changes = compare(old, new)
    return Report(old.name, new.name, changes, meaning(old, new, changes))
