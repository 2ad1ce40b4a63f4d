"""The signed index of a binary cache: which recipe gave which output.

A lock with outputs needs no index. An index is for locks whose outputs are not known yet, and is read only if a key
for it is pinned.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from pydantic import Field, ValidationError

from bedplate.binary_cache.protocol import AbsentError, BlobStream, BrokenError
from bedplate.bundle import ssh_signature
from bedplate.config.base import Model
from bedplate.config.release_lock import Output
from bedplate.core.digest import canonical
from bedplate.core.errors import BedplateError

FILE = "cache.json"
SIGNATURE = "cache.json.sig"
NAMESPACE = "bedplate-cache"
LONGEST_SECONDS = 120
"""Time limit for reading an index: a cache that sends a byte now and then would block a build forever."""
LARGEST = 64_000_000
"""Largest index in bytes. An index is not verified while it is read, so a cache could otherwise fill the memory."""


class IndexEntry(Output):
    """The output of one recipe."""

    id: str = Field(description="id of the entry in the lock, for people")


class CacheIndex(Model):
    """The file cache.json."""

    format: int = 1
    entries: dict[str, IndexEntry] = Field(description="outputs by recipe")

    def merged(self, other: CacheIndex) -> CacheIndex:
        """Return an index with the entries of both; the other's output wins for a recipe in both."""
        return CacheIndex(entries={**self.entries, **other.entries})

    def signed(self, key: Path) -> tuple[bytes, bytes]:
        """Return the canonical JSON and a signature over it."""
        content = canonical(self.model_dump()) + b"\n"
        return content, ssh_signature.sign(content, key, NAMESPACE)


def read_files(open_file: Callable[[str], AbstractContextManager[BlobStream]]) -> tuple[bytes, bytes] | None:
    """Return an index and the signature over it, None if a cache lacks one; BrokenError if one is too large.

    Args:
        open_file: opens a file of the cache by its name; AbsentError, BrokenError.
    """
    try:
        return _read_all(FILE, open_file), _read_all(SIGNATURE, open_file)
    except AbsentError:
        return None


def _read_all(name: str, open_file: Callable[[str], AbstractContextManager[BlobStream]]) -> bytes:
    content, end = bytearray(), time.monotonic() + LONGEST_SECONDS
    with open_file(name) as stream:
        for block in stream.blocks:
            if time.monotonic() > end:
                raise BrokenError(f"{name} was not read within {LONGEST_SECONDS} s")
            content += block
            if len(content) > LARGEST:
                raise BrokenError(f"{name} is larger than {LARGEST} bytes")
    return bytes(content)


def verified_index(signed: tuple[bytes, bytes], public: str, name: str) -> CacheIndex:
    """Return an index after verifying its signature.

    Args:
        signed: content and signature.
        public: the pinned public key.
        name: name of the cache.

    Raises:
        BedplateError: the signature or the format is wrong.
    """
    content, signature = signed
    try:
        ssh_signature.check(content, signature, public, NAMESPACE)
        return CacheIndex.model_validate_json(content)
    except BedplateError as error:
        raise BedplateError(
            f"cache {name}", "has an index that is not signed by the pinned key", "use another cache: --from"
        ) from error
    except ValidationError as error:
        raise BedplateError(f"cache {name}", "has an index in an unknown format", "publish it again") from error
