"""A whole diff of two sides: what differs, and what that will do."""

from __future__ import annotations

from bedplate.diff.compare import compare
from bedplate.diff.finding import Report
from bedplate.diff.meaning import meaning
from bedplate.diff.side import Side


def report(old: Side, new: Side) -> Report:
    """Compare two sides and judge the changes."""
    changes = compare(old, new)
    return Report(old.name, new.name, changes, meaning(old, new, changes))
