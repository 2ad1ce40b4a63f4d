"""Asks the hosts: one probe each over SSH, all at once; nothing there is changed."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from subprocess import CompletedProcess

from pydantic import ValidationError

from bedplate.config import addresses
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core import command
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh
from bedplate.hosts.preflight import probe
from bedplate.hosts.preflight.facts import Clock, Facts
from bedplate.hosts.preflight.host_rule import HostRule
from bedplate.hosts.preflight.login import NO_PROBE, UNREACHED

AT_ONCE = 16
SECONDS = 120


@dataclass(frozen=True, slots=True)
class HostAnswer:
    """What came of asking one host: facts and clock, or the rule that says why there are none."""

    host: Host
    facts: Facts | None = None
    clock: Clock | None = None
    failure: HostRule | None = None
    message: str = ""


def gather(site: Site) -> list[HostAnswer]:
    """Return every host's answer, in hosts.yaml's order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda host: ask(site, host), site.hosts))


def ask(site: Site, host: Host) -> HostAnswer:
    """Return one host's answer; nothing is raised."""
    try:
        clock = _clock(site, host)
    except (BedplateError, ValueError) as error:
        return HostAnswer(host, failure=UNREACHED, message=_why(error))
    try:
        return HostAnswer(host, _facts(site, host), clock)
    except (BedplateError, ValidationError) as error:
        return HostAnswer(host, failure=NO_PROBE, message=_why(error))


def _why(error: Exception) -> str:
    text = f"{error.subject} {error.fact}" if isinstance(error, BedplateError) else str(error)
    return "cannot be asked: " + " ".join(text.split())


def _facts(site: Site, host: Host) -> Facts:
    parameters = json.dumps({"names": addresses.site_names(site.environment.domain), "reach": _targets(site, host)})
    source = Path(probe.__file__).read_bytes()
    return Facts.model_validate_json(_run(site, host, ["python3", "-", parameters], source).stdout)


def _targets(site: Site, host: Host) -> list[tuple[str, int]]:
    """Return what a host must reach: the bastion and the control plane, by their sshd, which listens from the start."""
    needed = {site.bastion, *site.control_plane}
    return [(str(other.address), other.port) for other in site.hosts if other in needed and other != host]


def _clock(site: Site, host: Host) -> Clock:
    # The first run opens the connection, so that the second measures the clock and not the handshake.
    _run(site, host, ["true"])
    before = time.time()
    there = float(_run(site, host, ["date", "+%s.%N"]).stdout)
    after = time.time()
    return Clock(offset=there - (before + after) / 2, uncertainty=(after - before) / 2)


def _run(site: Site, host: Host, words: list[str], stdin: bytes | None = None) -> CompletedProcess[bytes]:
    if _is_this(host.address):
        return command.run(words, stdin=stdin, timeout=SECONDS)
    if host.user != "root" and words[0] == "python3":
        words = ["sh", "-c", 'sudo -n true 2>/dev/null && exec sudo -n "$@" || exec "$@"', "sh", *words]
    return ssh.run(ssh.host(site, host), words, stdin=stdin, timeout=SECONDS)


def _is_this(address: IPv4Address) -> bool:
    """Tell whether an address is this machine's own: a socket can be bound to no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as test:
        try:
            test.bind((str(address), 0))
        except OSError:
            return False
    return True
