"""The interface of a binary cache, and its errors.

No binary cache is trusted: each blob is verified against a digest from the lock, or from an index that a pinned key
signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BlobStream:
    """A blob that is being read.

    Attributes:
        start: offset of the first byte; 0 if the cache cannot start later.
        blocks: the bytes; they end early, or raise BrokenError, if the connection breaks.
    """

    start: int
    blocks: Iterator[bytes]


class BinaryCache(Protocol):
    """A folder, a web server or a registry with blobs by digest. Any number of threads may use it."""

    @property
    def name(self) -> str:
        """Return the name for messages, without passwords."""
        ...

    def blob(self, sha256: str, start: int) -> AbstractContextManager[BlobStream]:
        """Open a blob at an offset; AbsentError, BrokenError."""
        ...

    def index(self) -> tuple[bytes, bytes] | None:
        """Return the index and the signature over it, None if there is none; BrokenError."""
        ...


class AbsentError(Exception):
    """The binary cache does not have this blob."""


class BrokenError(Exception):
    """The binary cache did not answer, or the connection broke; another try may succeed."""


class CacheRefusedError(Exception):
    """The binary cache gave wrong content; it is not used any more."""
