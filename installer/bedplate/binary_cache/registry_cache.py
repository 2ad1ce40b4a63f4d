"""An artifact in a registry as a binary cache: its layers are the blobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

from bedplate.binary_cache import cache_index
from bedplate.binary_cache.http_cache import new_client, stream
from bedplate.binary_cache.protocol import AbsentError, BlobStream, BrokenError
from bedplate.core import oci
from bedplate.core.errors import BedplateError
from bedplate.registry.client import RegistryClient


class RegistryCache:
    """An artifact in a registry with a layer for each blob."""

    def __init__(self, client: RegistryClient, repository: str, tag: str) -> None:
        """Use a registry's client and the name of the artifact."""
        self._client, self._repository, self._tag = client, repository, tag
        self._web = new_client()

    @property
    def name(self) -> str:
        """Return the address, as given to --from."""
        return f"oci://{self._client.address}/{self._repository}:{self._tag}"

    @contextmanager
    def blob(self, sha256: str, start: int) -> Iterator[BlobStream]:
        """Get a layer from an offset on."""
        if sha256 not in self._layers.values():
            raise AbsentError
        url = f"{self._client.address.url}/v2/{self._repository}/blobs/{oci.digest(sha256)}"
        authorization = self._client.authorization(self._scopes)
        with stream(self._web, url, start, {"Authorization": authorization} if authorization else {}) as opened:
            yield opened

    def index(self) -> tuple[bytes, bytes] | None:
        """Get the index and its signature, which are layers, too."""
        # a name that no layer has gives no digest, and so AbsentError
        return cache_index.read_files(lambda name: self.blob(self._layers.get(name, ""), 0))

    @property
    def _scopes(self) -> tuple[str, ...]:
        return (f"repository:{self._repository}:pull",)

    @cached_property
    def _layers(self) -> dict[str, str]:
        """Return the digests of the artifact's layers by title, or by digest if they have no title."""
        path = f"/v2/{self._repository}/manifests/{self._tag}"
        try:
            response = self._client.request("GET", path, self._scopes, headers={"Accept": oci.MANIFEST_TYPE})
            layers = oci.parse(response.body).layers
        except (BedplateError, ValueError, LookupError) as error:
            raise BrokenError(str(error)) from error
        return {layer.title or layer.sha256: layer.sha256 for layer in layers}
