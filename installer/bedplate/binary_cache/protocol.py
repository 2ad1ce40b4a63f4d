"""What every place of artifacts can do, and how it fails.

No origin is trusted: what it gives is compared with a digest that comes from elsewhere, the lock or an
index that a pinned key signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BlobStream:
    """A blob as it comes.

    Attributes:
        start: offset of the first byte; 0 where an origin cannot begin later.
        blocks: the bytes; ends early, or raises BrokenError, where the origin breaks off.
    """

    start: int
    blocks: Iterator[bytes]


class BinaryCache(Protocol):
    """A folder, an HTTP server or a registry with blobs by digest. Any number of threads may ask."""

    @property
    def name(self) -> str:
        """Return what it is called in messages, without passwords."""
        ...

    def blob(self, sha256: str, start: int) -> AbstractContextManager[BlobStream]:
        """Give a blob from an offset on; AbsentError, BrokenError."""
        ...

    def index(self) -> tuple[bytes, bytes] | None:
        """Return its index and the signature over it, None where it has none; BrokenError."""
        ...


class AbsentError(Exception):
    """The origin does not have this blob."""


class BrokenError(Exception):
    """The origin did not answer, or broke off; another try may go better."""


class CacheRefusedError(Exception):
    """The origin gave what it must not: nothing more is taken from it."""
