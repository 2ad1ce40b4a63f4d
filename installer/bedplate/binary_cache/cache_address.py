"""Addresses of binary caches, as given to --from: a folder, a URL, or an artifact in a registry."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bedplate.binary_cache.fill import BinaryCaches
from bedplate.binary_cache.folder_cache import FolderCache
from bedplate.binary_cache.http_cache import HttpCache
from bedplate.binary_cache.protocol import BinaryCache
from bedplate.binary_cache.registry_cache import RegistryCache
from bedplate.bundle import publisher_signature
from bedplate.config import bundle_layout
from bedplate.core.errors import InputError
from bedplate.registry import credentials
from bedplate.registry.client import RegistryClient
from bedplate.registry.registry_address import parse_address

OCI, OCI_PLAIN = "oci://", "oci+http://"
TAG = "latest"


def parse_caches(specs: Iterable[str] | None, key: Path | None) -> BinaryCaches:
    """Return the binary caches with these addresses, in order.

    Args:
        specs: their addresses.
        key: file with the public keys that their indexes must be signed by; without it, no index is read.
    """
    return BinaryCaches(
        [parse_cache(spec) for spec in specs or ()], publisher_signature.public_keys(key) if key else ""
    )


def parse_cache(spec: str) -> BinaryCache:
    """Return the binary cache with this address; InputError if it is not one."""
    if spec.startswith((OCI, OCI_PLAIN)):
        return RegistryCache(*parse_artifact(spec))
    if spec.startswith(("http://", "https://")):
        return HttpCache(spec)
    if "://" in spec:
        raise InputError(f"cache {spec}", "is an unknown kind of address", "give a folder, http(s)://… or oci://…")
    folder = Path(spec)
    if not (folder / bundle_layout.BLOBS).is_dir():
        raise InputError(
            f"cache {spec}", f"is neither a bundle nor a binary cache: it has no {bundle_layout.BLOBS}", "check --from"
        )
    return FolderCache(folder)


def parse_artifact(spec: str, client: RegistryClient | None = None) -> tuple[RegistryClient, str, str]:
    """Return the registry's client, the repository and the tag of oci://HOST/REPOSITORY[:TAG]."""
    plain = spec.startswith(OCI_PLAIN)
    rest = spec.removeprefix(OCI).removeprefix(OCI_PLAIN)
    name, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        name, tag = rest, TAG
    address = parse_address(f"{'http' if plain else 'https'}://{name}")
    if not address.path:
        raise InputError(f"cache {spec}", "has no repository", "write oci://HOST/REPOSITORY[:TAG]")
    return client or RegistryClient(address, credentials.from_login_file(str(address))), address.path, tag
