"""The model of hosts.yaml: the part of Ansible's YAML inventory format that Bedplate reads."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Annotated

from pydantic import Field

from bedplate.config.base import Model
from bedplate.config.environment_file import DNS_LABEL

HostName = Annotated[str, Field(pattern=DNS_LABEL)]


class Connection(Model):
    """How to connect to hosts over SSH."""

    ansible_user: str | None = Field(None, description="the user that Ansible logs in as; default: root")
    ansible_port: int | None = Field(None, ge=1, le=65535, description="the port of sshd; default: 22")


class HostVars(Connection):
    """The variables of one host."""

    ansible_host: IPv4Address | None = Field(None, description="the host's IPv4 address, such as 10.0.0.11")


class HostGroup(Model):
    """A group of hosts."""

    hosts: dict[HostName, HostVars | None] | None = Field(None, description="the hosts: name to address and connection")
    vars: Connection = Field(default_factory=Connection, description="connection to all hosts of the group")


class HostGroups(Model):
    """The groups: three that say what a host is, and one of hosts that are in repair."""

    bastion: HostGroup = Field(default_factory=HostGroup, description="the machine that runs the installer")
    control_plane: HostGroup = Field(default_factory=HostGroup, description="machines with the API server and etcd")
    workers: HostGroup = Field(default_factory=HostGroup, description="machines that run users' workloads")
    maintenance: HostGroup = Field(
        default_factory=HostGroup,
        description="workers that `apply` passes by, such as machines in repair; they are also in the group workers",
    )


class AllHosts(Model):
    """Ansible's group of all hosts."""

    children: HostGroups = Field(description="the groups bastion, control_plane, workers and maintenance")
    vars: Connection = Field(default_factory=Connection, description="connection to all hosts")


class HostsFile(Model):
    """The file hosts.yaml."""

    all: AllHosts = Field(description="all hosts, in groups")
