"""User and password for a registry: from a password file, or as `docker login` and `podman login` stored them."""

from __future__ import annotations

import base64
import binascii
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bedplate.core.errors import InputError, SourceLocation


@dataclass(frozen=True, slots=True)
class Credentials:
    """The user of a registry.

    Attributes:
        user: name; empty if a refresh token is enough.
        password: password, or the token of a robot account; never shown.
        refresh: the refresh token ("identitytoken") that some registries return at login; never shown.
    """

    user: str
    password: str = field(repr=False)
    refresh: str = field(default="", repr=False)

    @property
    def basic(self) -> str:
        """Return the value of the Authorization header for Basic authentication (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


def from_password_file(user: str, password: Path) -> Credentials:
    """Return the credentials of a user whose password is in a file; a final line break is ignored."""
    try:
        text = password.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"password file {password}", f"cannot be read: {error.strerror}", "check --password-file"
        ) from error
    if not (secret := text.rstrip("\r\n")):
        raise InputError(f"password file {password}", "is empty", "write the password to it")
    return Credentials(user, secret)


def from_login_file(host: str, files: tuple[Path, ...] | None = None) -> Credentials | None:
    """Return the credentials that a login file has for a registry's `host[:port]`, None if there are none."""
    for path in files if files is not None else login_files():
        if path.is_file() and (stored := _of_file(path, host)):
            return stored
    return None


def login_files() -> tuple[Path, ...]:
    """Return the paths of podman's and docker's login files (containers-auth.json(5)); the first one wins."""
    home = Path.home()
    named = os.environ.get("REGISTRY_AUTH_FILE")
    docker = Path(os.environ.get("DOCKER_CONFIG", home / ".docker"))
    runtime = Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}"))
    usual = (runtime / "containers/auth.json", home / ".config/containers/auth.json", docker / "config.json")
    return (Path(named),) if named else usual


def _of_file(path: Path, host: str) -> Credentials | None:
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
        auths: dict[str, dict[str, str]] = content.get("auths", {})
        entry = next((auths[name] for name in (host, f"https://{host}", f"http://{host}") if name in auths), None)
        if not entry:
            _refuse_helper(path, host, content)
            return None
        user, _, password = base64.b64decode(entry.get("auth", ""), validate=True).decode().partition(":")
    except (ValueError, AttributeError, TypeError, binascii.Error) as error:
        raise InputError(
            f"login file {path}", "is not in the format of docker login", "log in again", SourceLocation(str(path))
        ) from error
    user, password = entry.get("username", user), entry.get("password", password)
    refresh = entry.get("identitytoken", "")
    if user or refresh:
        return Credentials(user, password, refresh)
    _refuse_helper(path, host, content)
    return None


def _refuse_helper(path: Path, host: str, content: dict[str, Any]) -> None:
    """Raise an error if the password is in a credential helper, instead of pushing without credentials."""
    if content.get("credsStore") or host in content.get("credHelpers", {}):
        fact = f"leaves the password for {host} to a credential helper"
        raise InputError(f"login file {path}", fact, "give --user and --password-file", SourceLocation(str(path)))
