"""A TCP proxy on loopback that cuts, freezes, slows and refuses connections; seeded and bounded."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

BLOCK = 1 << 16
FROZEN_SECONDS = 20
"""Seconds; longer than any client in these tests waits."""


@dataclass
class Faults:
    """The faults of a proxy.

    Attributes:
        seed: of the choices.
        cuts: how many connections are cut.
        cut_after: a connection is cut after at most so many bytes from the client.
        freezes: what would be cut stays open, and silent.
        refusals: how many connections are answered by `status` and not forwarded.
        status: 500, 503 or 429.
        delay: seconds before each block is forwarded.
    """

    seed: int = 0
    cuts: int = 0
    cut_after: int = 1 << 20
    freezes: bool = False
    refusals: int = 0
    status: int = 503
    delay: float = 0.0
    happened: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Seed the random choices."""
        self._random = random.Random(self.seed)  # noqa: S311  seeded on purpose

    def refuses(self) -> bool:
        """Return whether the next connection is refused."""
        with self.guard:
            if self.refusals == 0 or self._random.random() < 0.3:
                return False
            self.refusals -= 1
            self.happened += 1
            return True

    def cut(self) -> int:
        """Return the number of bytes after which the next connection is cut; -1 for never."""
        with self.guard:
            if self.cuts == 0:
                return -1
            self.cuts -= 1
            self.happened += 1
            return self._random.randrange(self.cut_after)


@contextmanager
def proxy(port: int, faults: Faults) -> Iterator[int]:
    """Forward to a port on loopback, with faults; yield the proxy's port."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_accept, args=(listener, port, faults), daemon=True).start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        listener.close()


def _accept(listener: socket.socket, port: int, faults: Faults) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, port, faults), daemon=True).start()


def _serve(client: socket.socket, port: int, faults: Faults) -> None:
    if faults.refuses():
        with client, suppress(OSError):
            client.recv(BLOCK)
            close = f"HTTP/1.1 {faults.status} Busy\r\nContent-Length: 0\r\nRetry-After: 0\r\nConnection: close\r\n\r\n"
            client.sendall(close.encode())
        return
    server = socket.create_connection(("127.0.0.1", port))
    back = threading.Thread(target=_copy, args=(server, client, -1, 0.0), daemon=True)
    back.start()
    _copy(client, server, faults.cut(), faults.delay, freezes=faults.freezes)


def _copy(source: socket.socket, target: socket.socket, limit: int, delay: float, *, freezes: bool = False) -> None:
    """Copy up to the end or the limit, then close both, unless the connection is frozen."""
    with suppress(OSError):
        while block := source.recv(BLOCK):
            if delay:
                threading.Event().wait(delay)
            if 0 <= limit < len(block):
                target.sendall(block[:limit])
                threading.Event().wait(FROZEN_SECONDS if freezes else 0)
                break
            target.sendall(block)
            limit = limit - len(block) if limit >= 0 else limit
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
