"""What people read while it works."""

from __future__ import annotations

import sys


def megabytes(size: int) -> str:
    """Return a size for people."""
    return f"{size / 1e6:.0f} MB"


def report(text: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
