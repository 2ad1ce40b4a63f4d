"""The developer's kernel settings: read, compared, and put back when a container's start has moved them.

All machines of a lab share this kernel. Starting a container turns on IP forwarding (podman's network
does) and raises fs.file-max (systemd does, as any PID 1); neither is needed by a lab.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bedplate.core.locks import lock
from bedplate.lab.lab_address import shared_lock_file

ROOT = Path("/proc/sys")
WRITABLE = 0o200
VOLATILE = ("kernel/ns_last_pid", "kernel/random/", "vm/compact_memory", "net/ipv4/route/flush", "net/ipv6/route/flush")
"""Writable, and no setting."""
OWN_INTERFACES = ("/podman", "/veth", "/bedplate")
"""Settings of interfaces that come and go with a lab."""


def read_settings() -> dict[str, str]:
    """Return every kernel setting of this machine, by its path under /proc/sys."""
    settings = {}
    for file in ROOT.rglob("*"):
        name = str(file.relative_to(ROOT))
        if name.startswith(VOLATILE) or any(part in f"/{name}" for part in OWN_INTERFACES):
            continue
        with suppress(OSError, UnicodeDecodeError):
            if file.is_file() and file.stat().st_mode & WRITABLE:
                settings[name] = file.read_text(encoding="ascii").strip()
    return settings


def restore_settings(wanted: dict[str, str]) -> list[str]:
    """Put back what differs; returns the names. IP forwarding comes first, since it resets its interfaces' settings."""
    moved = []
    for _ in range(2):
        now = read_settings()
        different = sorted(
            (n for n, value in wanted.items() if now.get(n, value) != value), key=lambda n: ("/conf/" in n, n)
        )
        for name in different:
            with suppress(OSError):
                (ROOT / name).write_text(wanted[name], encoding="ascii")
        moved += different
    return moved


@contextmanager
def keep_settings() -> Iterator[None]:
    """Leave the kernel's settings after the block as they were before it, one block at a time on this machine."""
    with lock(shared_lock_file()):
        before = read_settings()
        try:
            yield
        finally:
            restore_settings(before)
