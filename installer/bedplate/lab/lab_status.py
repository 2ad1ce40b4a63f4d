"""`lab status`: the state of the machines from podman, and of the platform from the bastion."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh
from bedplate.lab.container_state import RUNNING, read_state
from bedplate.lab.lab_address import Lab
from bedplate.remote.bastion import BEDPLATE

EMPTY: dict[str, Any] = {"release": "", "nodes": {}, "packets_outside": None, "steps": []}


def read_status(lab: Lab) -> dict[str, Any]:
    """Return the state of a lab's machines, and what `bedplate status` reports on its bastion."""
    if not (lab.environment / environments.ENVIRONMENT).is_file():
        return {"lab": lab.name, "network": str(lab.network), "machines": {}, **EMPTY}
    site = environments.load(lab.environment)
    machines = {host.name: {"address": str(host.address), "state": read_state(lab, host.name)} for host in site.hosts}
    platform = _platform_status(site) if machines[site.bastion.name]["state"] == RUNNING else {}
    return {"lab": lab.name, "network": str(lab.network), "machines": machines, **EMPTY, **platform}


def _platform_status(site: Site) -> dict[str, Any]:
    words = [BEDPLATE, "status", site.environment.name, "--output", "json"]
    try:
        return TypeAdapter(dict[str, Any]).validate_json(ssh.run(ssh.bastion(site), words).stdout)
    except (BedplateError, ValueError):
        # It has not booted yet, or nothing is installed: a state to show, not an error.
        return {}
