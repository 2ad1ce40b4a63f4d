"""Sizes in bytes as text for people, such as 6 MB."""

from __future__ import annotations

STEP = 1000


def human(size: float) -> str:
    """Return a number of bytes as text, in a fitting decimal unit."""
    for unit in ("B", "kB", "MB"):
        if size < STEP:
            return f"{size:.0f} {unit}"
        size /= STEP
    return f"{size:.1f} GB"
