"""A HostSpec: everything one host is told, computed without touching it (contract 2)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bedplate.config.base import Model


class HostFile(Model):
    """A file as the roles will write it; the content is shown in diffs."""

    path: str = Field(description="absolute place")
    mode: str = Field("0644", description="octal mode")
    part: Literal["all", "block"] = Field("all", description="block: a marked part of a file whose rest is the site's")
    content: str = Field(description="text")


class HostSpec(Model):
    """One host's desired state."""

    host: str = Field(description="name in hosts.yaml")
    address: str = Field(description="address in hosts.yaml")
    groups: tuple[str, ...] = Field(description="groups in hosts.yaml; mirror: it serves images too")
    packages: dict[str, str] = Field(description="Debian package to version")
    binaries: dict[str, str] = Field(description="program to version, in /opt/bedplate")
    services: tuple[str, ...] = Field(description="systemd units that must be active")
    sysctls: dict[str, str] = Field(default_factory=dict, description="kernel settings (managed hosts only)")
    files: tuple[HostFile, ...] = Field(default=(), description="files the roles write from templates")
    vars: dict[str, Any] = Field(description="inputs of the roles, as their argument specs declare them")
    digest: str = Field("", description="sha256 of all of the above as canonical JSON")
