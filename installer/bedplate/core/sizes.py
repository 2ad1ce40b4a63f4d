"""Sizes as people read them."""

from __future__ import annotations

STEP = 1000


def human(size: float) -> str:
    """Return a number of bytes in the decimal unit that fits."""
    for unit in ("B", "kB", "MB"):
        if size < STEP:
            return f"{size:.0f} {unit}"
        size /= STEP
    return f"{size:.1f} GB"
