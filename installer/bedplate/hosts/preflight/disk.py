"""Rules about disks: room, and how fast a write is safe."""

from __future__ import annotations

from collections.abc import Iterator

from bedplate.hosts.preflight.host_rule import GIB, Look, Rule

FREE_NEEDED = 10
FREE_WISHED = 30
"""GiB."""
FSYNC_WISHED_MS = 10.0
"""etcd's own advice for the 99th percentile (https://etcd.io/docs/v3.6/faq/)."""
FSYNC_LIMIT_MS = 100.0
"""etcd's heartbeat: slower, and leaders are lost."""
WRITE_WISHED = 50.0


def room(look: Look) -> Iterator[str]:
    """Refuse a nearly full disk."""
    if look.facts.disk.free < FREE_NEEDED * GIB and not look.ledgered:
        yield f"has {look.facts.disk.free / GIB:.1f} GiB free in /var/lib; {FREE_NEEDED} GiB is the least"


def little_room(look: Look) -> Iterator[str]:
    """Warn of a small disk."""
    if FREE_NEEDED * GIB <= look.facts.disk.free < FREE_WISHED * GIB and not look.ledgered:
        yield f"has {look.facts.disk.free / GIB:.1f} GiB free in /var/lib; {FREE_WISHED} GiB or more is usual"


def fsync(look: Look) -> Iterator[str]:
    """Warn where etcd would warn."""
    if look.is_control_plane and FSYNC_WISHED_MS < look.facts.disk.fsync_p99_ms <= FSYNC_LIMIT_MS:
        yield f"{_measured(look)}; etcd wants at most {FSYNC_WISHED_MS:.0f} ms"


def fsync_limit(look: Look) -> Iterator[str]:
    """Refuse where etcd would lose its leader."""
    if look.is_control_plane and look.facts.disk.fsync_p99_ms > FSYNC_LIMIT_MS:
        yield f"{_measured(look)}; over {FSYNC_LIMIT_MS:.0f} ms etcd misses its heartbeats"


def throughput(look: Look) -> Iterator[str]:
    """Warn of slow writing."""
    if look.facts.disk.write_mb_s < WRITE_WISHED:
        yield f"writes {look.facts.disk.write_mb_s:.0f} MB/s in /var/lib; {WRITE_WISHED:.0f} MB/s or more is usual"


def noexec(look: Look) -> Iterator[str]:
    """Refuse file systems that run no programs."""
    for folder in look.facts.noexec:
        if folder not in {"/run", "/tmp"}:  # noqa: S108  a name to compare with
            yield f"has {folder} on a file system mounted noexec"


def _measured(look: Look) -> str:
    disk = look.facts.disk
    return (
        f"takes {disk.fsync_p99_ms:.1f} ms for the slowest in a hundred safe writes"
        f" (median {disk.fsync_p50_ms:.1f} ms of {disk.fsync_count} measured, {disk.kind})"
    )


RULES = (
    Rule(
        "disk-full",
        "hard",
        room,
        "images, volumes and the mirror's store lie in /var/lib; the kubelet evicts pods from a full disk",
        "make room, or mount a larger disk at /var/lib",
    ),
    Rule("disk-small", "soft", little_room, "notebook volumes and images grow", "mount a larger disk at /var/lib"),
    Rule(
        "fsync-slow",
        "soft",
        fsync,
        "each change of the cluster waits for such a write; the API becomes slow under load",
        "give /var/lib/etcd a local SSD with power-loss protection",
    ),
    Rule(
        "fsync-too-slow",
        "hard",
        fsync_limit,
        "etcd loses its leader again and again, and the API server restarts",
        "give /var/lib/etcd a local SSD with power-loss protection",
    ),
    Rule(
        "write-slow",
        "soft",
        throughput,
        "copying images and starting notebooks takes long",
        "use a faster disk for /var/lib",
    ),
    Rule(
        "noexec",
        "hard",
        noexec,
        "programs of the platform and of containers are run from there",
        "mount it without noexec",
    ),
)
