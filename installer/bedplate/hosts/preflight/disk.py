"""Rules about disks: room, and how fast a write is safe."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import GIB, HostContext, HostRule

MINIMUM_FREE = 10
RECOMMENDED_FREE = 30
"""GiB."""
RECOMMENDED_FSYNC_MS = 10.0
"""etcd's own advice for the 99th percentile (https://etcd.io/docs/v3.6/faq/)."""
MAXIMUM_FSYNC_MS = 100.0
"""etcd's heartbeat: slower, and leaders are lost."""
RECOMMENDED_WRITE = 50.0


def room(context: HostContext) -> Iterator[str]:
    """Refuse a nearly full disk."""
    if context.facts.disk.free < MINIMUM_FREE * GIB and not context.is_installed:
        yield f"has {context.facts.disk.free / GIB:.1f} GiB free in /var/lib; {MINIMUM_FREE} GiB is the least"


def little_room(context: HostContext) -> Iterator[str]:
    """Warn of a small disk."""
    if MINIMUM_FREE * GIB <= context.facts.disk.free < RECOMMENDED_FREE * GIB and not context.is_installed:
        yield f"has {context.facts.disk.free / GIB:.1f} GiB free in /var/lib; {RECOMMENDED_FREE} GiB or more is usual"


def fsync(context: HostContext) -> Iterator[str]:
    """Warn where etcd would warn."""
    if context.is_control_plane and RECOMMENDED_FSYNC_MS < context.facts.disk.fsync_p99_ms <= MAXIMUM_FSYNC_MS:
        yield f"{_measured(context)}; etcd wants at most {RECOMMENDED_FSYNC_MS:.0f} ms"


def fsync_limit(context: HostContext) -> Iterator[str]:
    """Refuse where etcd would lose its leader."""
    if context.is_control_plane and context.facts.disk.fsync_p99_ms > MAXIMUM_FSYNC_MS:
        yield f"{_measured(context)}; over {MAXIMUM_FSYNC_MS:.0f} ms etcd misses its heartbeats"


def throughput(context: HostContext) -> Iterator[str]:
    """Warn of slow writing."""
    if context.facts.disk.write_mb_s < RECOMMENDED_WRITE:
        measured = context.facts.disk.write_mb_s
        yield f"writes {measured:.0f} MB/s in /var/lib; {RECOMMENDED_WRITE:.0f} MB/s or more is recommended"


def noexec(context: HostContext) -> Iterator[str]:
    """Refuse file systems that run no programs."""
    for folder in context.facts.noexec:
        if folder not in {"/run", "/tmp"}:  # noqa: S108  a name to compare with
            yield f"has {folder} on a file system mounted noexec"


def _measured(context: HostContext) -> str:
    disk = context.facts.disk
    return (
        f"takes {disk.fsync_p99_ms:.1f} ms for the slowest in a hundred safe writes"
        f" (median {disk.fsync_p50_ms:.1f} ms of {disk.fsync_count} measured, {disk.kind})"
    )


RULES = (
    HostRule(
        "disk-full",
        "hard",
        room,
        "images, volumes and the mirror's store lie in /var/lib; the kubelet evicts pods from a full disk",
        "make room, or mount a larger disk at /var/lib",
    ),
    HostRule("disk-small", "soft", little_room, "notebook volumes and images grow", "mount a larger disk at /var/lib"),
    HostRule(
        "fsync-slow",
        "soft",
        fsync,
        "each change of the cluster waits for such a write; the API becomes slow under load",
        "give /var/lib/etcd a local SSD with power-loss protection",
    ),
    HostRule(
        "fsync-too-slow",
        "hard",
        fsync_limit,
        "etcd loses its leader again and again, and the API server restarts",
        "give /var/lib/etcd a local SSD with power-loss protection",
    ),
    HostRule(
        "write-slow",
        "soft",
        throughput,
        "copying images and starting notebooks takes long",
        "use a faster disk for /var/lib",
    ),
    HostRule(
        "noexec",
        "hard",
        noexec,
        "programs of the platform and of containers are run from there",
        "mount it without noexec",
    ),
)
