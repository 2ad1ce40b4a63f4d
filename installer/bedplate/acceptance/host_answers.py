"""Questions to many hosts at once: the answers by host, as tests of hosts need them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

AT_ONCE = 16
LISTED = 20
"""How many lines of differences are printed."""
LONGEST = 200
"""Characters of a line."""


def on_each(hosts: Mapping[str, Any], question: Callable[[str, Any], Any]) -> dict[str, Any]:
    """Return what a question returns for each host, by name.

    Args:
        hosts: the hosts of testinfra by name.
        question: takes a host's name and the host.
    """
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(hosts, pool.map(lambda name: question(name, hosts[name]), hosts), strict=True))


def listed(differences: Mapping[str, Any] | Collection[Any]) -> str:
    """Return differences for an assertion's message: one per line, few of them, each short."""
    if isinstance(differences, Mapping):
        lines = [f"{name}: {value}" for name, value in differences.items()]
    else:
        lines = [str(one) for one in differences]
    more = [f"({len(lines) - LISTED} more)"] if len(lines) > LISTED else []
    return "\n".join([line[:LONGEST] for line in lines[:LISTED]] + more)
