"""``lab status``: the machines as podman sees them, the platform as its own bastion sees it."""

from __future__ import annotations

import json
from typing import Any

from bedplate.config import environments
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError
from bedplate.hosts import ssh
from bedplate.lab.container_state import RUNNING, read_state
from bedplate.lab.lab_address import Lab
from bedplate.remote.bastion import BEDPLATE

EMPTY: dict[str, Any] = {"release": "", "nodes": {}, "packets_outside": None, "steps": []}


def read_status(lab: Lab) -> dict[str, Any]:
    """Return a lab's machines, and what ``status`` says inside."""
    if not (lab.environment / environments.ENVIRONMENT).is_file():
        return {"lab": lab.name, "network": str(lab.network), "machines": {}, **EMPTY}
    site = environments.load(lab.environment)
    machines = {host.name: {"address": str(host.address), "state": read_state(lab, host.name)} for host in site.hosts}
    inside = _inside(site) if machines[site.bastion.name]["state"] == RUNNING else {}
    return {"lab": lab.name, "network": str(lab.network), "machines": machines, **EMPTY, **inside}


def _inside(site: Site) -> dict[str, Any]:
    words = [BEDPLATE, "status", site.environment.name, "--output", "json"]
    try:
        return dict(json.loads(ssh.run(ssh.bastion(site), words).stdout))
    except BedplateError:
        # It has not booted yet, or nothing is installed: that is a state to show, and no error.
        return {}
