"""Questions to many hosts at once: the answers by host, as tests of hosts need them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bedplate.core.errors import BedplateError

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
        return dict(zip(hosts, pool.map(lambda name: _asked(name, hosts[name], question), hosts), strict=True))


def _asked(name: str, host: Any, question: Callable[[str, Any], Any]) -> Any:
    try:
        return question(name, host)
    except BedplateError as error:
        raise BedplateError(f"host {name}: {error.subject}", error.fact) from error


def output(host: Any, command: str, *words: str) -> str:
    """Return what a command on a host printed.

    Args:
        host: a host of testinfra.
        command: a shell command, with %s for each word.
        words: are quoted for the shell.

    Raises:
        BedplateError: the command failed; with the last line of its error output, and nothing else that it printed.
    """
    done = host.run(command, *words)
    if done.rc != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1][:LONGEST]
        raise BedplateError(f"command {command.split(maxsplit=1)[0]}", f"failed with exit status {done.rc}: {reason}")
    return str(done.stdout).rstrip("\r\n")


def listed(differences: Mapping[str, Any] | Collection[Any]) -> str:
    """Return differences for an assertion's message: one per line, few of them, each short."""
    if isinstance(differences, Mapping):
        lines = [f"{name}: {value}" for name, value in differences.items()]
    else:
        lines = [str(one) for one in differences]
    more = [f"({len(lines) - LISTED} more)"] if len(lines) > LISTED else []
    return "\n".join([line[:LONGEST] for line in lines[:LISTED]] + more)
