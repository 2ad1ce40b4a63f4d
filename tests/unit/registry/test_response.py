"""What a registry answers is taken whole or not at all, and never without a bound."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bedplate.core.errors import BedplateError
from bedplate.registry import client as client_module
from bedplate.registry.backoff import Backoff
from bedplate.registry.client import Client
from bedplate.registry.registry_address import parse_address

QUICK = Backoff(attempts=2, first=0.01, longest=0.02)


@contextmanager
def _answering(head: str, body: bytes) -> Iterator[Client]:
    """Answer every connection of a client with the same bytes, and close it."""
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
        yield Client(parse_address(f"http://127.0.0.1:{listener.getsockname()[1]}"), backoff=QUICK)
    finally:
        listener.close()


def test_a_whole_answer_is_taken() -> None:
    """As long as it said it would be, it is what was asked for."""
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
def test_a_cut_or_endless_answer_is_none(head: str, body: bytes, fact: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked for again, and in the end named as what it is."""
    monkeypatch.setattr(client_module, "LARGEST", 100)
    with _answering(head, body) as client, pytest.raises(BedplateError, match=fact):
        client.request("GET", "/v2/", ())
