"""hosts.yaml: names, addresses, groups and connection, in Ansible's own YAML inventory form."""

from __future__ import annotations

from ipaddress import IPv4Address

from pydantic import Field

from bedplate.config.base import Model


class Host(Model):
    """One machine."""

    name: str = Field(description="host name")
    address: IPv4Address = Field(description="ansible_host")
    groups: tuple[str, ...] = Field(description="bastion, control_plane or workers")
    user: str = Field("root", description="ansible_user")
    port: int = Field(22, description="ansible_port")
