"""Waiting at the end of an apply for the nodes of the hosts that it configured."""

from __future__ import annotations

import time
from collections.abc import Callable

from bedplate.apply.run_hosts import RunHosts
from bedplate.apply.site_status import read_nodes
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError

READY_SECONDS = 120
"""A kubelet that was started in this run needs up to a minute until the cluster believes in it."""
POLL_SECONDS = 2.0
NODES = {"control_plane", "workers"}


def wait_for_nodes(hosts: RunHosts, say: Callable[[str], None]) -> list[str]:
    """Wait until every node that the run did not pass by is Ready.

    Args:
        hosts: the hosts of the run.
        say: reports what is waited for.

    Returns:
        The nodes that are not Ready in time, each with the reason, for people.
    """
    began = time.monotonic()
    while (found := _not_ready(hosts)) and time.monotonic() - began < READY_SECONDS:
        say(f"wait until {', '.join(found)} is Ready")
        time.sleep(POLL_SECONDS)
    return [f"node {name} is not Ready: {reason}" for name, reason in found.items()]


def nodes_without_host(site: Site) -> list[str]:
    """Return the cluster's nodes that hosts.yaml does not have; none if the cluster does not answer."""
    try:
        return sorted(read_nodes(site).keys() - {host.name for host in site.hosts})
    except BedplateError:
        return []


def _not_ready(hosts: RunHosts) -> dict[str, str]:
    names = [host.name for host in hosts.chosen(hosts.site.hosts) if NODES & {*host.groups}]
    if not names:
        return {}
    try:
        states = read_nodes(hosts.site)
    except BedplateError as error:
        return dict.fromkeys(names, " ".join(f"{error.subject} {error.fact}".split()))
    found = {name: states.get(name, "is not a node of the cluster") for name in names}
    return {name: state for name, state in found.items() if state != "Ready"}
