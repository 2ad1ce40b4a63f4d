"""The developer's kernel settings: read them, and restore those that starting a container has changed.

All machines of a lab share this kernel. When a container starts, podman turns on IP forwarding and systemd raises
fs.file-max; a lab needs neither.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bedplate.core.locks import lock
from bedplate.lab.lab_address import shared_lock_file

ROOT = Path("/proc/sys")
WRITABLE = 0o200
VOLATILE = ("kernel/ns_last_pid", "kernel/random/", "vm/compact_memory", "net/ipv4/route/flush", "net/ipv6/route/flush")
"""Writable files that are not settings."""
OWN_INTERFACES = ("/podman", "/veth", "/bedplate")
"""Settings of network interfaces that belong to a lab."""


def read_settings() -> dict[str, str]:
    """Return every kernel setting of this machine, by its path in /proc/sys."""
    settings = {}
    # Unlike rglob, os.walk does not fail if an interface, and its folder, disappears meanwhile.
    for file in (Path(folder) / name for folder, _, names in os.walk(ROOT) for name in names):
        name = str(file.relative_to(ROOT))
        if name.startswith(VOLATILE) or any(part in f"/{name}" for part in OWN_INTERFACES):
            continue
        with suppress(OSError, UnicodeDecodeError):
            if file.is_file() and file.stat().st_mode & WRITABLE:
                settings[name] = file.read_text(encoding="ascii").strip()
    return settings


def restore_settings(previous: dict[str, str]) -> list[str]:
    """Restore the settings that differ, and return their names.

    IP forwarding is restored first, because the kernel then resets the settings of the interfaces.
    """
    restored = []
    for _ in range(2):
        now = read_settings()
        different = sorted(
            (n for n, value in previous.items() if now.get(n, value) != value), key=lambda n: ("/conf/" in n, n)
        )
        for name in different:
            with suppress(OSError):
                (ROOT / name).write_text(previous[name], encoding="ascii")
        restored += different
    return restored


@contextmanager
def keep_settings() -> Iterator[None]:
    """Restore the kernel's settings after the block; only one block runs at a time on this machine."""
    with lock(shared_lock_file()):
        before = read_settings()
        try:
            yield
        finally:
            restore_settings(before)
