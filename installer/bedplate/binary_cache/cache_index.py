"""A cache's index: which recipe gave which output, signed by whoever built it.

A lock with outputs needs none: it says itself what is right. The index serves locks whose outputs are not
known yet, and is read only where a key for it is pinned.
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
"""What an index may take: a source that gives a byte now and then would hold up a build for ever."""
LARGEST = 64_000_000
"""Bytes that no index has. Nothing is proven about one while it is read, so an origin could fill the memory."""


class IndexEntry(Output):
    """What a recipe gave."""

    id: str = Field(description="the lock's entry, for people")


class CacheIndex(Model):
    """The file cache.json."""

    format: int = 1
    entries: dict[str, IndexEntry] = Field(description="by recipe")

    def merged(self, other: CacheIndex) -> CacheIndex:
        """Return an index with the entries of both; of one recipe the other's output counts."""
        return CacheIndex(entries={**self.entries, **other.entries})

    def signed(self, key: Path) -> tuple[bytes, bytes]:
        """Return its canonical form and the signature over it."""
        content = canonical(self.model_dump()) + b"\n"
        return content, ssh_signature.sign(content, key, NAMESPACE)


def read_files(opened: Callable[[str], AbstractContextManager[BlobStream]]) -> tuple[bytes, bytes] | None:
    """Return an index and the signature over it, None where an origin lacks one; BrokenError where one is too large.

    Args:
        opened: gives a file of the origin by its name; AbsentError, BrokenError.
    """
    try:
        return _whole(FILE, opened), _whole(SIGNATURE, opened)
    except AbsentError:
        return None


def _whole(name: str, opened: Callable[[str], AbstractContextManager[BlobStream]]) -> bytes:
    content, end = bytearray(), time.monotonic() + LONGEST_SECONDS
    with opened(name) as found:
        for block in found.blocks:
            if time.monotonic() > end:
                raise BrokenError(f"{name} did not come within {LONGEST_SECONDS} s")
            content += block
            if len(content) > LARGEST:
                raise BrokenError(f"{name} has more than {LARGEST} bytes")
    return bytes(content)


def verified_index(found: tuple[bytes, bytes], public: str, name: str) -> CacheIndex:
    """Return an index once its signature is proven; BedplateError says what is wrong with it.

    Args:
        found: content and signature.
        public: the pinned public key.
        name: of the cache it came from.
    """
    content, signature = found
    try:
        ssh_signature.check(content, signature, public, NAMESPACE)
        return CacheIndex.model_validate_json(content)
    except BedplateError as error:
        raise BedplateError(
            f"cache {name}", "has an index that the pinned key did not sign", "give another --from"
        ) from error
    except ValidationError as error:
        raise BedplateError(f"cache {name}", "has an index of another form", "publish it again") from error
