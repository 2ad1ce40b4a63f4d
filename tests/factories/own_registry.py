"""A site's own registry: the release's real distribution program, optionally with TLS and users."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from bedplate.artifacts import find_program
from bedplate.artifacts.load_release import load_release
from bedplate.core.errors import BedplateError
from bedplate.pki import authority
from factories import unavailable

LEEWAY = 60
"""Seconds for which distribution accepts an expired token (registry/auth/token/token.go)."""
USER, PASSWORD = "pusher", "correct horse"
HTPASSWD = f"{USER}:$2b$04$PDujSG/WL3a8HCeRfvagCuBKMS8gwmh731Fq7EkABwlB8TY7c9rkm\n"
"""The bcrypt hash of the password, with the lowest cost."""


def program() -> Path:
    """Return the registry program; skip the test if it was not built."""
    if found := shutil.which("registry"):
        return Path(found)
    try:
        return find_program.find_program("registry", "registry", load_release("2026.11.0"))
    except BedplateError as error:
        unavailable(str(error))


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def certificate(folder: Path) -> tuple[Path, Path, Path]:
    """Create a CA and a certificate for loopback; return the paths of CA, certificate and key."""
    made, _ = authority.ensure_authority(folder, "site")
    crt, key = folder / "registry.crt", folder / "registry.key"
    authority.ensure_certificate(made, crt, key, ["127.0.0.1", "localhost"])
    return folder / "ca.crt", crt, key


def basic(folder: Path) -> dict[str, Any]:
    """Return the registry's settings for users in a password file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "htpasswd").write_text(HTPASSWD)
    return {"htpasswd": {"realm": "site", "path": str(folder / "htpasswd")}}


@contextmanager
def serving(
    folder: Path, *, auth: dict[str, Any] | None = None, tls: tuple[Path, Path] | None = None, data: str = "data"
) -> Iterator[int]:
    """Serve a writable registry and yield its port.

    Args:
        folder: where it keeps everything.
        auth: the part `auth` of its settings.
        tls: certificate and key.
        data: the folder of images in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, settings = free_port(), folder / "settings.json"
    http: dict[str, Any] = {"addr": f"127.0.0.1:{port}", "secret": "test"}
    if tls:
        http["tls"] = {"certificate": str(tls[0]), "key": str(tls[1])}
    content: dict[str, Any] = {"version": 0.1, "log": {"level": "error"}, "http": http}
    content["storage"] = {"filesystem": {"rootdirectory": str(folder / data)}, "delete": {"enabled": True}}
    settings.write_text(json.dumps(content | ({"auth": auth} if auth else {})))
    environment = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([program(), "serve", settings], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            _wait(port)
            yield port
        finally:
            process.kill()


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    pytest.fail("the registry does not answer")


@dataclass
class Tokens:
    """The behavior of a token service.

    Attributes:
        lasts: seconds until a token is refused; its stated lifetime is a minute.
        given: the scopes that each token was given for.
    """

    lasts: int = 60
    given: list[str] = field(default_factory=list)


@contextmanager
def users(
    kind: str, folder: Path, ca: Path, pair: tuple[Path, Path], tokens: Tokens | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the registry's `auth` settings: `basic`, or `token` with a running token service."""
    if kind == "basic":
        yield basic(folder / "users")
        return
    with token_service(pair, tokens or Tokens()) as realm:
        yield {"token": {"realm": realm, "service": "site", "issuer": "test", "rootcertbundle": str(ca)}}


@contextmanager
def token_service(pair: tuple[Path, Path], tokens: Tokens) -> Iterator[str]:
    """Serve tokens over TLS (https://distribution.github.io/distribution/spec/auth/jwt/)."""

    class TokenHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            expected = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
            right = self.headers.get("Authorization") == expected
            scopes = parse_qs(urlsplit(self.path).query).get("scope", [])
            tokens.given.append(" ".join(scopes))
            token = _token(scopes, pair, tokens.lasts)
            body = json.dumps({"token": token, "expires_in": 60}).encode() if right else b"{}"
            self.send_response(200 if right else 401)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), TokenHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}/token"
    finally:
        server.shutdown()
        server.server_close()


def _token(scopes: list[str], pair: tuple[Path, Path], lasts: int) -> str:
    access = [
        {"type": kind, "name": name, "actions": actions.split(",")}
        for kind, name, actions in (scope.split(":") for scope in scopes)
    ]
    now = int(time.time())
    certificate = x509.load_pem_x509_certificate(pair[0].read_bytes())
    chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()]
    known = {"iss": "test", "sub": USER, "aud": "site", "iat": now, "jti": "1"}
    claims = {**known, "exp": now + lasts - LEEWAY, "nbf": now - 2 * LEEWAY}
    signed = f"{_part({'typ': 'JWT', 'alg': 'ES256', 'x5c': chain})}.{_part({**claims, 'access': access})}"
    key = serialization.load_pem_private_key(pair[1].read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{signed}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _part(value: dict[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
