"""Hosts of a site that are all this computer, each under an address of its own; some of them do not answer."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from bedplate.config.environment_file import Environment
from bedplate.config.environments import Site
from bedplate.config.hosts import Host
from bedplate.hosts import host_command
from factories.least_environment import KNOWN

GROUPS = {"bastion": "bastion", "cp1": "control_plane", "worker1": "workers", "worker2": "workers"}
CLOSED_PORT = 1


def local_site(folder: Path, *, maintenance: Collection[str] = ()) -> Site:
    """Return a site with one control plane and two workers.

    Args:
        folder: the environment's folder.
        maintenance: names of the hosts in maintenance.
    """
    hosts = [
        Host(
            name=name,
            address=IPv4Address(f"127.0.0.{number}"),
            groups=(group,),
            port=CLOSED_PORT,
            in_maintenance=name in maintenance,
        )
        for number, (name, group) in enumerate(GROUPS.items(), start=11)
    ]
    return Site(folder, Environment.model_validate(KNOWN), tuple(hosts))


def silence(site: Site, names: Collection[str], patch: pytest.MonkeyPatch) -> None:
    """Let hosts be reached over SSH, on a port that nothing listens on; the others run commands without it."""
    silent = {host.address for host in site.hosts if host.name in names}
    patch.setattr(host_command, "is_own_address", lambda address: address not in silent)
