"""What people type after --from: a folder, a URL, or an artifact in a registry."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bedplate.bundle import layout, sign
from bedplate.errors import InputError
from bedplate.origin.fill import Origins
from bedplate.origin.folder import Folder
from bedplate.origin.oci import Oci
from bedplate.origin.origin import Origin
from bedplate.origin.web import Web
from bedplate.registry import credentials
from bedplate.registry.address import parse
from bedplate.registry.client import Client

OCI, OCI_PLAIN = "oci://", "oci+http://"
TAG = "latest"


def typed(specs: Iterable[str] | None, key: Path | None) -> Origins:
    """Return the origins that were typed, in their order; the key file says whose indices are believed."""
    return Origins([origin(spec) for spec in specs or ()], sign.public_keys(key) if key else "")


def origin(spec: str) -> Origin:
    """Return one origin; InputError where it is none."""
    if spec.startswith((OCI, OCI_PLAIN)):
        return Oci(*artifact(spec))
    if spec.startswith(("http://", "https://")):
        return Web(spec)
    if "://" in spec:
        raise InputError(f"cache {spec}", "is of an unknown kind", "give a folder, http(s)://… or oci://…")
    folder = Path(spec)
    if not (folder / layout.BLOBS).is_dir():
        raise InputError(f"cache {spec}", f"is neither a bundle nor a cache: it has no {layout.BLOBS}", "check --from")
    return Folder(folder)


def artifact(spec: str, client: Client | None = None) -> tuple[Client, str, str]:
    """Return the registry's client, the repository and the tag of oci://HOST/REPOSITORY[:TAG]."""
    plain = spec.startswith(OCI_PLAIN)
    rest = spec.removeprefix(OCI).removeprefix(OCI_PLAIN)
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        name, tag = rest, TAG
    address = parse(f"{'http' if plain else 'https'}://{name}")
    if not address.path:
        raise InputError(f"cache {spec}", "names no repository", "write oci://HOST/REPOSITORY[:TAG]")
    return client or Client(address, credentials.kept(str(address))), address.path, tag
