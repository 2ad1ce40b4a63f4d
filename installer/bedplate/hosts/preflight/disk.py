"""Preflight rules about disks: free space and the speed of writes."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import GIB, HostContext, HostRule

MINIMUM_FREE = 10
RECOMMENDED_FREE = 30
"""GiB."""
RECOMMENDED_FSYNC_MS = 10.0
"""What etcd recommends for the 99th percentile (https://etcd.io/docs/v3.6/faq/)."""
MAXIMUM_FSYNC_MS = 100.0
"""etcd's heartbeat interval: on a slower disk, etcd loses its leader."""
RECOMMENDED_WRITE = 50.0
"""MB/s."""


def free_space(context: HostContext) -> Iterator[str]:
    """Refuse a disk that is nearly full."""
    if context.facts.disk.free < MINIMUM_FREE * GIB and not context.is_installed:
        yield f"has {context.facts.disk.free / GIB:.1f} GiB free in /var/lib; the minimum is {MINIMUM_FREE} GiB"


def little_free_space(context: HostContext) -> Iterator[str]:
    """Warn about a small disk."""
    if MINIMUM_FREE * GIB <= context.facts.disk.free < RECOMMENDED_FREE * GIB and not context.is_installed:
        free = context.facts.disk.free / GIB
        yield f"has {free:.1f} GiB free in /var/lib; {RECOMMENDED_FREE} GiB or more is recommended"


def fsync(context: HostContext) -> Iterator[str]:
    """Warn if writes are slower than etcd recommends."""
    if context.is_control_plane and RECOMMENDED_FSYNC_MS < context.facts.disk.fsync_p99_ms <= MAXIMUM_FSYNC_MS:
        yield f"{_measured(context)}; etcd recommends at most {RECOMMENDED_FSYNC_MS:.0f} ms"


def fsync_limit(context: HostContext) -> Iterator[str]:
    """Refuse writes so slow that etcd would lose its leader."""
    if context.is_control_plane and context.facts.disk.fsync_p99_ms > MAXIMUM_FSYNC_MS:
        yield f"{_measured(context)}; above {MAXIMUM_FSYNC_MS:.0f} ms, etcd misses its heartbeats"


def throughput(context: HostContext) -> Iterator[str]:
    """Warn about slow writes."""
    if context.facts.disk.write_mb_s < RECOMMENDED_WRITE:
        measured = context.facts.disk.write_mb_s
        yield f"writes {measured:.0f} MB/s in /var/lib; {RECOMMENDED_WRITE:.0f} MB/s or more is recommended"


def noexec(context: HostContext) -> Iterator[str]:
    """Refuse file systems on which no program can run."""
    for folder in context.facts.noexec:
        if folder not in {"/run", "/tmp"}:  # noqa: S108  a name to compare with
            yield f"has {folder} on a file system mounted noexec"


def _measured(context: HostContext) -> str:
    disk = context.facts.disk
    return (
        f"takes {disk.fsync_p99_ms:.1f} ms for a write with fsync (99th percentile of {disk.fsync_count};"
        f" median {disk.fsync_p50_ms:.1f} ms; {disk.kind})"
    )


RULES = (
    HostRule(
        "disk-full",
        "hard",
        free_space,
        "images, volumes and the mirror's store are in /var/lib; the kubelet evicts pods if the disk is full",
        "free some space, or mount a larger disk at /var/lib",
    ),
    HostRule(
        "disk-small", "soft", little_free_space, "notebook volumes and images grow", "mount a larger disk at /var/lib"
    ),
    HostRule(
        "fsync-slow",
        "soft",
        fsync,
        "every change of the cluster waits for such a write, so the API becomes slow under load",
        "give /var/lib/etcd a local SSD with power-loss protection",
    ),
    HostRule(
        "fsync-too-slow",
        "hard",
        fsync_limit,
        "etcd keeps losing its leader, and the API server restarts",
        "give /var/lib/etcd a local SSD with power-loss protection",
    ),
    HostRule(
        "write-slow",
        "soft",
        throughput,
        "copying images and starting notebooks takes a long time",
        "use a faster disk for /var/lib",
    ),
    HostRule(
        "noexec",
        "hard",
        noexec,
        "programs of the platform and of containers run from there",
        "mount it without noexec",
    ),
)
