"""The address of a registry: host, port, path, and whether it uses TLS."""

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
    """The address of a registry.

    Attributes:
        host: name or IP address, without brackets.
        port: TCP port.
        secure: whether it uses TLS; plain HTTP is only for addresses that begin with http://.
        path: the path that all repositories go below, such as a Harbor project; may be empty.
    """

    host: str
    port: int
    secure: bool
    path: str = ""

    def __str__(self) -> str:
        """Return host and port as in image names."""
        usual = 443 if self.secure else 80
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the base URL."""
        return f"{'https' if self.secure else 'http'}://{self}"

    @property
    def is_loopback(self) -> bool:
        """Return whether the registry is on this machine."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def parse_address(text: str) -> RegistryAddress:
    """Parse `[https://]HOST[:PORT][/PATH]`, or the same with http:// for a registry without TLS."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    try:
        port = parts.port
    except ValueError as error:
        raise InputError(f"registry {text}", f"has an invalid port ({error})", "write HOST:PORT") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        raise InputError(f"registry {text}", "is not an address", "write HOST[:PORT][/PROJECT]")
    path = parts.path.strip("/")
    if path and not PATH.fullmatch(path):
        raise InputError(f"registry {text}", f"has an invalid path: {path}", "use only a-z, 0-9, - . _ /")
    secure = parts.scheme == "https"
    return RegistryAddress(parts.hostname, port or (443 if secure else 80), secure, path)
