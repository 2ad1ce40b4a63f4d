"""Secret values that components declare (``secrets:`` in component.yaml): generated once, kept on the bastion.

The value of ``secretRef: name/key`` is in /var/lib/bedplate/environments/<env>/secrets/<name>/<key>.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable
from pathlib import Path

from bedplate.config import users
from bedplate.config.component import Component, Secret
from bedplate.config.environments import Site
from bedplate.core.errors import BedplateError, InputError, SourceLocation
from bedplate.core.files import write_atomic
from bedplate.pki.authority import ensure_authority, ensure_certificate
from bedplate.pki.site_trust import ensure_private

PASSWORD_LENGTH = 32
ALPHABET = string.ascii_letters + string.digits
ACCOUNTS = "accounts"
"""Folder of the accounts that Bedplate itself creates (bedplate.config.users)."""


def ensure_secrets(site: Site, components: Iterable[Component]) -> int:
    """Ensure that every declared value exists and is current; return how many were written."""
    folder = ensure_private(site.state / "secrets")
    declared = [secret for component in components for secret in component.secrets]
    _refuse_duplicates(declared)
    return sum(_ensure(site, folder, secret, declared) for secret in declared)


def input_files(site: Site, components: Iterable[Component]) -> dict[str, bytes]:
    """Return the files that values are read from, content by path; raise InputError if one is missing."""
    declared = [secret for component in components for secret in component.secrets]
    contents = {secret.path: _read_file(secret) for secret in declared if secret.kind == "file"}
    file = site.environment.identity.users
    if file:
        contents[file] = users.text(users.read(Path(file))).encode()
    return contents


def has_value(path: Path) -> bool:
    """Return whether a secret's file has a value; a disk that was full may have left an empty one."""
    return path.is_file() and path.stat().st_size > 0


def read_secret(site: Site, reference: str) -> bytes:
    """Return the value of ``name/key``."""
    path = site.state / "secrets" / reference
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise BedplateError(f"secret {reference}", f"is not in {path.parent}", "run `bedplate apply`") from error


def _ensure(site: Site, folder: Path, secret: Secret, declared: list[Secret]) -> bool:
    path = ensure_private(folder / secret.name) / secret.key
    match secret.kind:
        case "certificate":
            return _ensure_pair(site, path, secret, declared)
        case "certificate-key":
            return False
        case "file":
            return _update(path, _read_file(secret))
        case "users":
            return _update(path, users.text(users.ensure_accounts(site.environment, folder / ACCOUNTS)).encode())
        case "password" | "hex":
            return not has_value(path) and _update(path, _new(secret.kind).encode())


def _ensure_pair(site: Site, path: Path, secret: Secret, declared: list[Secret]) -> bool:
    keys = [s.key for s in declared if s.name == secret.name and s.kind == "certificate-key"]
    if len(keys) != 1:
        raise InputError(
            f"secret {secret.name}/{secret.key}",
            f"has {len(keys)} secrets of kind certificate-key, not one",
            "declare one",
        )
    authority, _ = ensure_authority(ensure_private(site.state / "pki"), site.environment.name)
    hosts = [host.replace("{domain}", site.environment.domain) for host in secret.hosts]
    changed = ensure_certificate(authority, path, path.with_name(keys[0]), hosts)
    path.chmod(0o600)
    return changed


def _new(kind: str) -> str:
    if kind == "hex":
        return secrets.token_hex(32)
    return "".join(secrets.choice(ALPHABET) for _ in range(PASSWORD_LENGTH))


def _read_file(secret: Secret) -> bytes:
    try:
        return Path(secret.path).read_bytes()
    except OSError as error:
        where = SourceLocation(secret.path)
        raise InputError(
            f"secret {secret.name}/{secret.key}",
            f"cannot be read ({error.strerror})",
            "create the file, or fix the path in component.yaml",
            where,
        ) from error


def _update(path: Path, content: bytes) -> bool:
    if path.exists() and path.read_bytes() == content:
        return False
    write_atomic(path, content, mode=0o600)
    return True


def _refuse_duplicates(declared: list[Secret]) -> None:
    references = [f"{secret.name}/{secret.key}" for secret in declared]
    for reference in sorted({name for name in references if references.count(name) > 1}):
        raise InputError(f"secret {reference}", "is declared by two components", "rename one of them")
