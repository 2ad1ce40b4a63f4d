"""``lab shell``: log in to a machine with the developer's key and its pinned host key."""

from __future__ import annotations

from bedplate import environments
from bedplate.errors import InputError
from bedplate.lab import keys
from bedplate.lab.address import Lab
from bedplate.tools import command, ssh


def run(lab: Lab, machine: str, words: list[str], *, terminal: bool) -> int:
    """Run words, or a login shell, on a machine and return the exit code."""
    site = environments.load(lab.environment)
    host = next((one for one in site.hosts if one.name == machine), None)
    if host is None:
        known = ", ".join(one.name for one in site.hosts)
        raise InputError(f"machine {machine}", f"is not in lab {lab.name}", f"one of {known}")
    identity = keys.user_key(lab, keys.DEVELOPER)
    target = ssh.Target(f"{host.user}@{host.address}", site.known_hosts, host.port, identity)
    return command.attach(ssh.argv(target, words or ["bash", "-l"], terminal=terminal))
