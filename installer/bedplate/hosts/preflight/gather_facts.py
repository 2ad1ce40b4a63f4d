"""Gathers facts from all hosts in parallel: runs two probes on each over SSH, which change nothing there."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from pydantic import TypeAdapter

from bedplate.config import addresses
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.core.errors import BedplateError
from bedplate.distributions.find_distribution import distribution_names, find_distribution
from bedplate.hosts.host_command import on_each_host, run_on_host
from bedplate.hosts.preflight import probe, site_probe
from bedplate.hosts.preflight.facts import Clock, Facts
from bedplate.hosts.preflight.host_rule import HostRule
from bedplate.hosts.preflight.login import LOGIN_FAILED, PROBE_FAILED
from bedplate.hosts.preflight.node_settings import node_settings
from bedplate.hosts.preflight.wanted_hosts import WantedHosts
from bedplate.hosts.ssh import UnreachableError

TIMEOUT_SECONDS = 120
KEEP_SECONDS = 5
"""A host is asked twice in a row; a connection that were kept longer would be a process for each host of the site."""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of probing one host: its facts and clock, or the rule that it failed and a message."""

    host: Host
    facts: Facts | None = None
    clock: Clock | None = None
    failure: HostRule | None = None
    message: str = ""


def probe_hosts(site: Site, hosts: Collection[Host], wanted: WantedHosts) -> list[ProbeResult]:
    """Probe hosts of a site and return the results, in the same order."""
    return list(on_each_host(hosts, lambda host: _probe_host(site, host, wanted.pinned_on(host.name))).values())


def _probe_host(site: Site, host: Host, pinned: Collection[str]) -> ProbeResult:
    try:
        clock = _clock(site, host)
    except (BedplateError, ValueError) as error:
        return ProbeResult(host, failure=LOGIN_FAILED, message=_message(error))
    try:
        return ProbeResult(host, _facts(site, host, pinned), clock)
    except UnreachableError as error:
        return ProbeResult(host, failure=LOGIN_FAILED, message=_message(error))
    except (BedplateError, ValueError) as error:
        return ProbeResult(host, failure=PROBE_FAILED, message=_message(error))


def _message(error: Exception) -> str:
    text = f"{error.subject} {error.fact}" if isinstance(error, BedplateError) else str(error)
    return "cannot be probed: " + " ".join(text.split())


def _facts(site: Site, host: Host, pinned: Collection[str]) -> Facts:
    distributions = [find_distribution(name) for name in distribution_names()]
    machine = {
        "names": addresses.site_names(site.environment.domain),
        "reach": _targets(site, host),
        "list_packages": [distribution.list_packages for distribution in distributions],
        "conflicting_packages": sorted({name for one in distributions for name in one.conflicting_packages}),
    }
    own = {
        "settings": [*node_settings()],
        "list_held": [distribution.list_held for distribution in distributions],
        "query_packages": [distribution.query_packages for distribution in distributions],
        "pinned": sorted(pinned),
    }
    return Facts.model_validate(
        {**_probed(site, host, probe.__file__, machine), **_probed(site, host, site_probe.__file__, own)}
    )


def _probed(site: Site, host: Host, program: str, parameters: dict[str, Any]) -> dict[str, Any]:
    done = _run(site, host, ["python3", "-", json.dumps(parameters)], Path(program).read_bytes())
    return TypeAdapter(dict[str, Any]).validate_json(done.stdout)


def _targets(site: Site, host: Host) -> list[tuple[str, int]]:
    """Return what a host must be able to connect to: sshd on the bastion and the control plane, which already runs."""
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
    as_root = words[0] == "python3"
    return run_on_host(site, host, words, stdin=stdin, timeout=TIMEOUT_SECONDS, as_root=as_root, keep=KEEP_SECONDS)
