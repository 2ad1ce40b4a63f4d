"""What the probe tells about one host; the form of its JSON."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bedplate.config.base import Model


class Route(Model):
    """One IPv4 route of the main table."""

    destination: str = Field(description="range, 0.0.0.0/0 for the default route")
    interface: str = Field(description="network interface")


class Listener(Model):
    """A port that somebody listens on."""

    protocol: Literal["tcp", "udp"] = "tcp"
    port: int
    program: str = Field(description="name of the process, empty where it cannot be seen")


class Disk(Model):
    """The file system of /var/lib, measured."""

    kind: str = Field(description="file system type")
    size: int = Field(description="bytes")
    free: int = Field(description="bytes free for root")
    fsync_p50_ms: float = Field(description="median of one 4 KiB write with fsync")
    fsync_p99_ms: float = Field(description="99th percentile of the same")
    fsync_count: int = Field(description="how many were measured")
    write_mb_s: float = Field(description="megabytes a second of one large write with fsync")


class Facts(Model):
    """One host."""

    os: str = Field(description="ID in /etc/os-release")
    suite: str = Field(description="VERSION_CODENAME in /etc/os-release")
    pretty: str = Field(description="PRETTY_NAME in /etc/os-release")
    machine: str = Field(description="architecture, as uname says")
    kernel: str = Field(description="kernel release")
    hostname: str
    root: bool = Field(description="the probe ran as root")
    systemd: bool = Field(description="systemd is process 1")
    container: str = Field(description="what kind of container the host is, empty for a machine")
    cpus: int
    memory: int = Field(description="bytes")
    swap: int = Field(description="bytes of swap in use or ready")
    cgroup: Literal[1, 2] = Field(description="version of the control groups")
    addresses: list[str] = Field(description="the host's own IPv4 addresses")
    routes: list[Route]
    listeners: list[Listener]
    names: dict[str, list[str]] = Field(description="the site's names to their addresses; none: unknown here")
    resolve_seconds: float = Field(description="the slowest answer of the name resolution")
    reached: dict[str, str] = Field(description="address:port to '' or the error of connecting there")
    features: dict[str, Literal["present", "loadable", "missing"]] = Field(description="kernel features")
    sysctls: dict[str, str]
    noexec: list[str] = Field(description="folders of ours on file systems that run no programs")
    disk: Disk
    leftovers: list[str] = Field(description="files of another installation")
    programs: list[str] = Field(description="running programs that contend with ours")
    packages: list[str] = Field(description="installed packages that contend with ours")
    firewalls: list[str] = Field(description="active firewall services")


class Clock(Model):
    """A host's clock against the bastion's."""

    offset: float = Field(description="seconds ahead of the bastion")
    uncertainty: float = Field(description="half of the time that asking took")

    @property
    def skew(self) -> float:
        """Return by how much the clocks differ at least."""
        return max(0.0, abs(self.offset) - self.uncertainty)
