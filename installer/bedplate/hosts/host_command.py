"""Run a command on one of a site's hosts, or ask many hosts in parallel with a bounded number of connections."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv4Address
from subprocess import CompletedProcess
from typing import TypeVar

from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core import command
from bedplate.hosts import ssh

MAX_PARALLEL = 32
"""Hosts that are asked at once: threads and ssh processes do not grow with the site."""
AS_ROOT = ("sh", "-c", 'sudo -n true 2>/dev/null && exec sudo -n "$@" || exec "$@"', "sh")
"""Runs its arguments as root where the user may, and as the user elsewhere."""

Answer = TypeVar("Answer")


def on_each_host(hosts: Iterable[Host], ask: Callable[[Host], Answer]) -> dict[str, Answer]:
    """Return what a function answers for each host, by the host's name; MAX_PARALLEL hosts are asked at once."""
    listed = list(hosts)
    with ThreadPoolExecutor(MAX_PARALLEL) as pool:
        return dict(zip((host.name for host in listed), pool.map(ask, listed), strict=True))


def run_on_host(  # noqa: PLR0913  each is one property of a process
    site: Site,
    host: Host,
    words: Sequence[str],
    *,
    timeout: float,
    stdin: bytes | None = None,
    check: bool = True,
    as_root: bool = False,
    keep: int = 0,
    has_secrets: bool = False,
) -> CompletedProcess[bytes]:
    """Run a command on a host; without SSH where the host is this machine.

    Args:
        site: how to connect.
        host: one of its hosts.
        words: the command.
        timeout: limit in seconds.
        stdin: bytes for its input.
        check: raise BedplateError if it fails.
        as_root: run it with sudo where the login is not root.
        keep: seconds for which the connection is kept for the next command on the same host.
        has_secrets: keep the output out of logs and errors.

    Raises:
        UnreachableError: the host does not answer.
        BedplateError: the command failed, and check is on.
    """
    if is_own_address(host.address):
        return command.run(words, stdin=stdin, timeout=timeout, check=check, has_secrets=has_secrets)
    if as_root and host.user != "root":
        words = [*AS_ROOT, *words]
    target = ssh.host(site, host)
    return ssh.run(target, words, stdin=stdin, timeout=timeout, check=check, keep=keep, has_secrets=has_secrets)


def is_own_address(address: IPv4Address) -> bool:
    """Return whether an address is this machine's own: only to such a one can a socket be bound."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as test:
        try:
            test.bind((str(address), 0))
        except OSError:
            return False
    return True
