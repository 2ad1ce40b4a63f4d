"""The HostSpec: the desired state of one host, computed without contacting it.

It is contract 2 of docs/explanation/design.md.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from bedplate.config.base import Model


class HostFile(Model):
    """A file as the roles will write it. Diffs show its content."""

    path: str = Field(description="absolute path")
    mode: str = Field("0644", description="octal mode")
    part: Literal["all", "block"] = Field(
        "all", description="block: a marked part of a file; the rest belongs to the site"
    )
    content: str = Field(description="text")


class HostSpec(Model):
    """One host's desired state."""

    host: str = Field(description="name in hosts.yaml")
    address: str = Field(description="address in hosts.yaml")
    groups: tuple[str, ...] = Field(description="groups in hosts.yaml; mirror: it also serves images")
    packages: dict[str, str] = Field(description="host package to its version, or the oldest one that will do")
    pinned: tuple[str, ...] = Field(default=(), description="those of the packages that must have exactly that version")
    binaries: dict[str, str] = Field(description="program to version, in /opt/bedplate")
    services: tuple[str, ...] = Field(description="systemd units that must be active")
    sysctls: dict[str, str] = Field(default_factory=dict, description="kernel settings (managed hosts only)")
    files: tuple[HostFile, ...] = Field(default=(), description="files the roles write from templates")
    vars: dict[str, Any] = Field(description="inputs of the roles, as their argument specs declare them")
    digest: str = Field("", description="sha256 of all other fields as canonical JSON")
