"""``lab shell``: log in to a machine with the developer's key and its pinned host key."""

from __future__ import annotations

from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core import command
from bedplate.core.errors import InputError
from bedplate.hosts import ssh
from bedplate.lab import ssh_keys
from bedplate.lab.lab_address import Lab


def run_on_machine(lab: Lab, machine: str, words: list[str], *, terminal: bool) -> int:
    """Run words, or a login shell, on a machine and return the exit code."""
    site = environments.load(lab.environment)
    host = next((one for one in site.hosts if one.name == machine), None)
    if host is None:
        known = ", ".join(one.name for one in site.hosts)
        raise InputError(f"machine {machine}", f"is not in lab {lab.name}", f"one of {known}")
    return command.run_in_terminal(ssh.argv(ssh_target(lab, site, host), words or ["bash", "-l"], terminal=terminal))


def ssh_target(lab: Lab, site: Site, host: Host) -> ssh.SshTarget:
    """Return how the developer reaches a machine."""
    identity = ssh_keys.user_key(lab, ssh_keys.DEVELOPER)
    return ssh.SshTarget(f"{host.user}@{host.address}", site.known_hosts, host.port, identity)
