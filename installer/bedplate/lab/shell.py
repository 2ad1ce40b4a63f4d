"""`lab shell`: log in to a machine with the developer's key; the machine's host key is pinned."""

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
    """Run a command, or a login shell, on a machine, and return the exit code."""
    site = environments.load(lab.environment)
    host = next((host for host in site.hosts if host.name == machine), None)
    if host is None:
        names = ", ".join(host.name for host in site.hosts)
        raise InputError(f"machine {machine}", f"is not in lab {lab.name}", f"use one of {names}")
    return command.run_in_terminal(ssh.argv(ssh_target(lab, site, host), words or ["bash", "-l"], terminal=terminal))


def ssh_target(lab: Lab, site: Site, host: Host) -> ssh.SshTarget:
    """Return the SSH target of a machine, as the developer's machine connects to it."""
    identity = ssh_keys.user_key(lab, ssh_keys.DEVELOPER)
    return ssh.SshTarget(f"{host.user}@{host.address}", site.known_hosts, host.port, identity)
