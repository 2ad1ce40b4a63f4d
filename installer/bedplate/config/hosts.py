"""A host of hosts.yaml: name, address, groups and SSH connection."""

from __future__ import annotations

from ipaddress import IPv4Address

from pydantic import Field

from bedplate.config.base import Model


class Host(Model):
    """One host."""

    name: str = Field(description="host name")
    address: IPv4Address = Field(description="ansible_host")
    groups: tuple[str, ...] = Field(description="bastion, control_plane or workers")
    user: str = Field("root", description="ansible_user")
    port: int = Field(22, description="ansible_port")
    in_maintenance: bool = Field(False, description="listed in the group maintenance: no run contacts it")  # noqa: FBT003
