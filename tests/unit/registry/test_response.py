"""Responses of a registry must be complete, and are limited in size."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bedplate.core.errors import BedplateError
from bedplate.registry import client as client_module
from bedplate.registry.backoff import Backoff
from bedplate.registry.client import RegistryClient
from bedplate.registry.registry_address import parse_address

QUICK = Backoff(attempts=2, first=0.01, longest=0.02)


@contextmanager
def _answering(head: str, body: bytes) -> Iterator[RegistryClient]:
    """Send the same bytes on every connection of a client, and close it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(1 << 16)
                connection.sendall(head.encode() + b"\r\n\r\n" + body)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield RegistryClient(parse_address(f"http://127.0.0.1:{listener.getsockname()[1]}"), backoff=QUICK)
    finally:
        listener.close()


def test_a_complete_response_is_returned() -> None:
    """A response of the stated length is returned."""
    with _answering("HTTP/1.1 200 OK\r\nContent-Length: 4", b"full") as client:
        assert client.request("GET", "/v2/", ()).body == b"full"


@pytest.mark.parametrize(
    ("head", "body", "fact"),
    [
        ("HTTP/1.1 200 OK\r\nContent-Length: 9", b"half", "IncompleteRead"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", b"4\r\nhalf\r\n", "IncompleteRead"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 200", b"x" * 200, "more than 100 bytes"),
        ("HTTP/1.1 200 OK\r\nConnection: close", b"x" * 200, "more than 100 bytes"),
    ],
)
def test_a_truncated_or_endless_response_is_an_error(
    head: str, body: bytes, fact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is tried again, and then fails with an error that names the reason."""
    monkeypatch.setattr(client_module, "LARGEST", 100)
    with _answering(head, body) as client, pytest.raises(BedplateError, match=fact):
        client.request("GET", "/v2/", ())
