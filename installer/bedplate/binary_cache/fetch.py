"""Fetching one blob from one binary cache: resumed after a break, limited in size and time, and verified."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.binary_cache.protocol import BinaryCache, BrokenError, CacheRefusedError
from bedplate.config.release_lock import Output
from bedplate.core import digest


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Limits for fetching a blob.

    Attributes:
        tries: number of tries.
        first: seconds before the second try; they double with each.
        grace: seconds that any blob may take.
        rate: bytes per second after that; a slower cache is given up.
    """

    tries: int = 4
    first: float = 0.5
    grace: float = 30.0
    rate: float = 100_000.0


def fetch_blob(
    source: BinaryCache, wanted: Output, cache: Cache, limits: FetchLimits, progress: Callable[[int], None]
) -> None:
    """Fetch a blob into the local cache.

    Args:
        source: the binary cache.
        wanted: digest and size of the blob.
        cache: the local cache; an incomplete blob stays there for the next try, or run.
        limits: tries and time.
        progress: called with the number of bytes that came; negative for bytes that were wrong.

    Raises:
        AbsentError: the binary cache does not have the blob.
        BrokenError: the blob could not be fetched completely.
        CacheRefusedError: the blob does not match its digest.
    """
    part = cache.folder("parts") / digest.of([source.name, wanted.sha256])
    before = part.stat().st_size if part.exists() else 0
    if before > wanted.size:
        part.unlink()
        before = 0
    progress(before)
    last = ""
    for attempt in range(limits.tries):
        try:
            _receive(source, wanted, part, limits, progress)
        except BrokenError as error:
            last = str(error)
        else:
            if digest.of_file(part) == wanted.sha256:
                cache.add(part, move=True)
                return
            progress(-part.stat().st_size)
            part.unlink()
            if not before:
                raise CacheRefusedError(f"gave blob {wanted.sha256} with a wrong digest")
            before = 0  # the bytes of an earlier run may have been wrong
        time.sleep(limits.first * 2**attempt if attempt + 1 < limits.tries else 0)
    raise BrokenError(f"{last}; tried {limits.tries} times")


def _receive(
    source: BinaryCache, wanted: Output, part: Path, limits: FetchLimits, progress: Callable[[int], None]
) -> None:
    """Append to the part file up to the blob's size; BrokenError if less comes."""
    start = part.stat().st_size if part.exists() else 0
    until = time.monotonic() + limits.grace + wanted.size / limits.rate
    if start == wanted.size:
        return
    with source.blob(wanted.sha256, start) as stream, part.open("ab") as file:
        if stream.start != start:
            file.truncate(0)
            progress(-start)
        size = stream.start
        for block in stream.blocks:
            size += len(block)
            if size > wanted.size:
                raise CacheRefusedError(f"gave more than {wanted.size} bytes for blob {wanted.sha256}")
            file.write(block)
            progress(len(block))
            if time.monotonic() > until:
                raise BrokenError(f"too slow: {size} of {wanted.size} bytes in more than {limits.grace:.0f} s")
    if size < wanted.size:
        raise BrokenError(f"ended after {size} of {wanted.size} bytes")
