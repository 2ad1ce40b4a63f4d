"""The facts that the probe collects on a host: the schema of its JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.config.base import Model


class Route(Model):
    """One IPv4 route of the main table."""

    destination: str = Field(description="range, 0.0.0.0/0 for the default route")
    interface: str = Field(description="network interface")
    direct: bool = Field(default=True, description="it needs no router")


class Listener(Model):
    """A port that a program listens on."""

    protocol: Literal["tcp", "udp"] = "tcp"
    port: int
    program: str = Field(description="name of the process; empty if unknown")


class DataDisk(Model):
    """Size and speed of the file system of /var/lib."""

    kind: str = Field(description="file system type")
    size: int = Field(description="bytes")
    free: int = Field(description="bytes free for root")
    fsync_p50_ms: float = Field(description="median of one 4 KiB write with fsync")
    fsync_p99_ms: float = Field(description="99th percentile of the same")
    fsync_count: int = Field(description="number of writes measured")
    write_mb_s: float = Field(description="MB/s of one large write with fsync")


class SettingLine(Model):
    """A line that sets a kernel setting."""

    name: str
    value: str
    file: str


class Facts(Model):
    """The facts about one host."""

    os: str = Field(description="ID in /etc/os-release")
    suite: str = Field(description="VERSION_CODENAME in /etc/os-release")
    version: str = Field(description="VERSION_ID in /etc/os-release")
    pretty: str = Field(description="PRETTY_NAME in /etc/os-release")
    machine: str = Field(description="architecture, as uname prints it")
    kernel: str = Field(description="kernel release")
    hostname: str
    root: bool = Field(description="the probe ran as root")
    systemd: bool = Field(description="systemd is process 1")
    container: str = Field(description="kind of container; empty for a machine")
    cpus: int
    memory: int = Field(description="bytes")
    swap: int = Field(description="bytes of swap")
    cgroup: Literal[1, 2] = Field(description="version of the control groups")
    addresses: list[str] = Field(description="the host's own IPv4 addresses")
    routes: list[Route]
    listeners: list[Listener]
    names: dict[str, list[str]] = Field(description="addresses by site name; an empty list: the name is unknown")
    resolve_seconds: float = Field(description="time of the slowest name resolution")
    reached: dict[str, str] = Field(description="error by address:port; empty: connected")
    features: dict[str, Literal["present", "loadable", "missing"]] = Field(description="kernel features")
    sysctls: dict[str, str]
    noexec: list[str] = Field(description="folders of the platform on file systems mounted noexec")
    disk: DataDisk
    leftovers: list[str] = Field(description="files of another installation")
    programs: list[str] = Field(description="running programs that conflict with the platform")
    packages: list[str] = Field(description="installed packages that conflict with the platform")
    firewalls: list[str] = Field(description="active firewall services")
    settings: dict[str, str] = Field(description="values in effect of the kernel settings that nodes need")
    setting_lines: list[SettingLine] = Field(description="the site's lines for them, in the order of their application")
    swap_units: list[str] = Field(description="systemd units that turn swap on at boot")
    held: list[str] = Field(description="packages on hold")
    versions: dict[str, str] = Field(description="installed packages that the release has in one version only")


class Clock(Model):
    """A host's clock compared with the bastion's."""

    offset: float = Field(description="seconds ahead of the bastion")
    uncertainty: float = Field(description="half of the round-trip time")

    @property
    def skew(self) -> float:
        """Return the smallest difference that is certain, in seconds."""
        return max(0.0, abs(self.offset) - self.uncertainty)
