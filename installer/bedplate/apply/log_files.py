"""Log files of an environment's runs: where a new one goes, and how many are kept."""

from __future__ import annotations

import time
from pathlib import Path

MAX_LOG_FILES = 50
"""Number of log files that are kept, the new one included; the oldest are deleted."""


def new_log_file(folder: Path) -> Path:
    """Create a run's log file, readable by root only; delete the oldest, so that MAX_LOG_FILES are left.

    Args:
        folder: the environment's folder of log files.

    Returns:
        The new file, named after the time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in sorted(folder.glob("*.log"))[: 1 - MAX_LOG_FILES]:
        old.unlink(missing_ok=True)
    path = folder / time.strftime("%Y%m%d-%H%M%S.log")
    path.touch(mode=0o600)
    return path
