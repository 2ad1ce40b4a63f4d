"""The made-up environment that bundles are proved complete with: every kind of host, a tenant, all defaults."""

from __future__ import annotations

from pathlib import Path

from bedplate.config.environment_file import Environment
from bedplate.config.environments import Site
from bedplate.config.hosts import Host

NAME = "reference"


def reference_site(release: str, profiles: list[str]) -> Site:
    """Return the made-up environment, for a release and some profiles."""
    tenant = {"name": "tenant", "owner": "owner@reference.test", "namespaces": [{"name": "tenant-work"}]}
    data = {
        "name": NAME,
        "release": release,
        "domain": "reference.test",
        "publisher": "ssh-ed25519 none",
        "profiles": profiles,
        "bastion": {"host": "bastion"},
        "network": {"nodes": "198.18.0.0/24", "pods": "198.18.128.0/17", "services": "198.19.0.0/17"},
        "tenants": [tenant],
    }
    groups = {"bastion": "bastion", "cp1": "control_plane", "worker1": "workers"}
    hosts = [
        Host.model_validate({"name": name, "address": f"198.18.0.{number}", "groups": (group,)})
        for number, (name, group) in enumerate(groups.items(), start=10)
    ]
    return Site(Path("/nonexistent") / NAME, Environment.model_validate(data), tuple(hosts))
