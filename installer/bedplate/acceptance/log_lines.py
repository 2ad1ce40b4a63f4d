"""The lines that a log of a host got since a moment, also if it was rotated since then."""

from __future__ import annotations

from typing import Any


def count_lines(host: Any, log: str) -> int:
    """Return how many lines a log has; 0 if it does not exist.

    Args:
        host: a host of testinfra.
        log: the log's path.
    """
    return int(host.run(f"cat {log} 2>/dev/null | wc -l").stdout)


def lines_since(host: Any, log: str, lines: int) -> list[str]:
    """Return a log's lines after the first ones; all of them, with those of the log before, if it was rotated.

    Args:
        host: a host of testinfra.
        log: the log's path.
        lines: how many lines it had.
    """
    is_rotated = count_lines(host, log) < lines
    files, first = (f"{log}.1 {log}.1.gz {log}", 1) if is_rotated else (log, lines + 1)
    found: list[str] = host.run(f"zcat -f {files} | tail -n +{first}").stdout.splitlines()
    return found
