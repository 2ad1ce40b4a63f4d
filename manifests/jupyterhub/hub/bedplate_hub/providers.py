"""Identity providers: each turns a name and a password into a user with groups, as OIDC and LDAP do."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

# Checked for an unknown name, so that the response takes as long as for a known one.
NOBODY = "scrypt$32768$8$1$" + base64.b64encode(bytes(16)).decode() + "$" + base64.b64encode(bytes(32)).decode()


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, as the provider knows them."""

    name: str
    groups: tuple[str, ...]


class Provider(Protocol):
    """What the hub needs from an identity provider."""

    def authenticate(self, name: str, password: str) -> Identity | None:
        """Return the user, or None if name or password is wrong."""

    def look_up(self, name: str) -> Identity | None:
        """Return the user as known now, or None if removed."""


class FileProvider:
    """The users file: YAML with scrypt hashes and groups, read again at each query."""

    def __init__(self, path: Path) -> None:
        """Take the file's path."""
        self.path = path

    def authenticate(self, name: str, password: str) -> Identity | None:
        """Return the user, or None if name or password is wrong."""
        user = self._users().get(name)
        right = _is_password(password, user["password"] if user else NOBODY)
        return Identity(name, tuple(user["groups"])) if user and right else None

    def look_up(self, name: str) -> Identity | None:
        """Return the user as known now, or None if removed."""
        user = self._users().get(name)
        return Identity(name, tuple(user["groups"])) if user else None

    def _users(self) -> dict[str, dict[str, Any]]:
        data = yaml.safe_load(self.path.read_bytes()) or {}
        return {user["name"]: user for user in data.get("users", [])}


def provider(kind: str, path: Path) -> Provider:
    """Return the provider that environment.yaml names."""
    kinds = {"file": FileProvider}
    return kinds[kind](path)


def _is_password(password: str, hashed: str) -> bool:
    _, cost, block, lanes, salt, key = hashed.split("$")
    n, r, p = int(cost), int(block), int(lanes)
    expected = base64.b64decode(key)
    found = hashlib.scrypt(
        password.encode(), salt=base64.b64decode(salt), n=n, r=r, p=p, maxmem=2 * 128 * n * r, dklen=len(expected)
    )
    return hmac.compare_digest(found, expected)
