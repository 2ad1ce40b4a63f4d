"""Generated environments of any size: one bastion, one control-plane host, many workers and tenants."""

from __future__ import annotations

import json
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

NAME = "large"
PUBLISHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIjUh/vVUA95OYZppMlQ+R5cAcOtX2kmYFt/lLKMzVms"
NODES = IPv4Address("10.20.0.10")
SETTINGS = {
    "name": NAME,
    "domain": "large.example.internal",
    "publisher": PUBLISHER,
    "bastion": {"host": "bastion"},
    "network": {"nodes": "10.20.0.0/16", "pods": "10.64.0.0/12", "services": "10.96.0.0/16"},
}


def write_site(root: Path, release: str, workers: int, tenants: int) -> Path:
    """Write an environment into a folder and return its own folder. JSON is YAML, too."""
    folder = root / NAME
    folder.mkdir(parents=True)
    environment = {**SETTINGS, "release": release, "tenants": [_tenant(number) for number in range(tenants)]}
    (folder / "environment.yaml").write_text(json.dumps(environment, indent=1))
    groups = {
        "bastion": ["bastion"],
        "control_plane": ["cp1"],
        "workers": [f"worker{n}" for n in range(1, workers + 1)],
    }
    names = [name for members in groups.values() for name in members]
    addresses = {name: str(NODES + number) for number, name in enumerate(names)}
    children = {
        group: {"hosts": {name: {"ansible_host": addresses[name]} for name in members}}
        for group, members in groups.items()
    }
    (folder / "hosts.yaml").write_text(json.dumps({"all": {"children": children}}, indent=1))
    return folder


def _tenant(number: int) -> dict[str, Any]:
    """Return a tenant with two namespaces and a group for each right."""
    name = f"tenant{number}"
    groups = {right: [f"{name}-{right}"] for right in ("admins", "users", "viewers")}
    namespaces = [{"name": f"{name}-{part}"} for part in ("research", "serving")]
    return {"name": name, "owner": f"{name}@large.example.internal", "groups": groups, "namespaces": namespaces}
