"""An invented environment with two tenants, for tests of rendering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bedplate.config.environment_file import Environment
from bedplate.config.environments import Site
from bedplate.config.hosts import Host

EmptyCache = Callable[[], None]
"""What tests of rendering call for another, empty cache."""
RELEASE = "2026.11.0"
ENVIRONMENT: dict[str, Any] = {
    "name": "render-test",
    "release": RELEASE,
    "domain": "site.bedplate.test",
    "publisher": "ssh-ed25519 AAAA",
    "bastion": {"host": "bastion"},
    "network": {"nodes": "198.18.7.0/24", "pods": "198.18.128.0/17", "services": "198.19.0.0/17"},
    "tenants": [
        {
            "name": "radiology",
            "owner": "Radiology, Dr. O'Neill: room 7",
            "groups": {"admins": ["rad-admins"], "users": ["radiology"], "viewers": []},
            "namespaces": [{"name": "rad-research"}, {"name": "rad-service", "podSecurity": "baseline"}],
        },
        {"name": "fraud", "owner": "fraud@site.bedplate.test", "namespaces": [{"name": "fraud", "quota": {"gpus": 2}}]},
    ],
}


def make_site(folder: Path, **changes: Any) -> Site:
    """Write a site into a folder, with some settings changed, and return it."""
    names = {"bastion": "bastion", "cp1": "control_plane", "worker1": "workers"}
    hosts = [
        Host.model_validate({"name": name, "address": f"198.18.7.{number}", "groups": (group,)})
        for number, (name, group) in enumerate(names.items(), start=10)
    ]
    return Site(folder, Environment.model_validate({**ENVIRONMENT, **changes}), tuple(hosts))
