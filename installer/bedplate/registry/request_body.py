"""A request body that is part of a file, sent without reading all of it into memory."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BLOCK = 1 << 20
SLICE = 16 << 20
"""Bytes between two reports of progress if the kernel copies."""


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file from an offset to its end.

    Attributes:
        path: the file.
        offset: first byte that is sent.
        size: the whole file's size.
        sent: called with the number of bytes that were sent.
    """

    path: Path
    offset: int
    size: int
    sent: Callable[[int], None] = lambda _: None

    @property
    def length(self) -> int:
        """Return the number of bytes to send."""
        return self.size - self.offset

    def send(self, connection: socket.socket) -> None:
        """Send it; without TLS, the kernel copies it from the file."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            if isinstance(connection, ssl.SSLSocket):
                block = memoryview(bytearray(BLOCK))
                while count := file.readinto(block):
                    connection.sendall(block[:count])
                    self.sent(count)
                return
            left = self.length
            while left and (count := connection.sendfile(file, self.size - left, min(left, SLICE))):
                left -= count
                self.sent(count)
