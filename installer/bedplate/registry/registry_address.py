"""Where a registry is: host, port, and whether TLS is spoken."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from bedplate.core.errors import InputError

PATH = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
"""https://github.com/opencontainers/distribution-spec/blob/v1.1.0/spec.md#pulling-manifests"""


@dataclass(frozen=True, slots=True)
class RegistryAddress:
    """One registry.

    Attributes:
        host: name or address, without brackets.
        port: TCP port.
        secure: whether TLS is spoken; plain HTTP is only for addresses written as http://.
        path: what every repository's name begins with there (a Harbor project), maybe empty.
    """

    host: str
    port: int
    secure: bool
    path: str = ""

    def __str__(self) -> str:
        """Return host and port as image names have them."""
        usual = 443 if self.secure else 80
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the beginning of every URL."""
        return f"{'https' if self.secure else 'http'}://{self}"

    @property
    def is_loopback(self) -> bool:
        """Return whether what is said to it stays on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(text: str) -> RegistryAddress:
    """Return the address in `[https://]HOST[:PORT][/PATH]`, or after http:// for a registry without TLS."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    try:
        port = parts.port
    except ValueError as error:
        raise InputError(f"registry {text}", f"has a wrong port ({error})", "write HOST:PORT") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise InputError(f"registry {text}", "is no address", "write HOST[:PORT][/PROJECT]")
    path = parts.path.strip("/")
    if path and not PATH.fullmatch(path):
        raise InputError(f"registry {text}", f"has a path that no repository can have: {path}", "use a-z, 0-9, - . _ /")
    secure = parts.scheme == "https"
    return RegistryAddress(parts.hostname, port or (443 if secure else 80), secure, path)
