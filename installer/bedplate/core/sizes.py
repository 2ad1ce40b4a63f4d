"""Sizes in bytes and counts as text for people, such as 6 MB and 1 object."""

from __future__ import annotations

STEP = 1000


def count_of(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 object``, ``2 objects``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def human(size: float) -> str:
    """Return a number of bytes as text, in a fitting decimal unit."""
    for unit in ("B", "kB", "MB"):
        if size < STEP:
            return f"{size:.0f} {unit}"
        size /= STEP
    return f"{size:.1f} GB"
