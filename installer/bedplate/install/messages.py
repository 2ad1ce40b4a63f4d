"""Progress lines of the installer."""

from __future__ import annotations

import sys


def megabytes(size: int) -> str:
    """Return a size in bytes as text, in MB."""
    return f"{size / 1e6:.0f} MB"


def report(text: str) -> None:
    """Print a line and flush it, so that it also appears in a pipe at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
