"""The check that a site has exactly one control plane, which is what this release installs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bedplate.config.hosts import Host
from bedplate.config.yaml_document import YamlDocument
from bedplate.core.errors import InputError

GROUP = ("all", "children", "control_plane")


def control_plane_errors(hosts: Sequence[Host], file: YamlDocument) -> Iterator[InputError]:
    """Yield the errors of the group control_plane in hosts.yaml."""
    members = [host for host in hosts if "control_plane" in host.groups]
    if not members:
        hint = "name the machine with the API server and etcd"
        yield InputError("group control_plane", "has no host", hint, file.key_location(GROUP))
    for host in members[1:]:
        fact = f"is a second control plane, in addition to {members[0].name}; this release installs one"
        yield InputError(f"host {host.name}", fact, "make it a worker", file.location((*GROUP, "hosts", host.name, "")))
