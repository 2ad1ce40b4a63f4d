"""One blob from one origin: gone on with where it broke off, bounded in size and time, and kept only if right."""

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
    """How much an origin is put up with.

    Attributes:
        tries: how often a blob is asked for.
        first: seconds before the second try; it doubles.
        grace: seconds that any blob may take.
        rate: bytes a second above that; a slower origin is given up.
    """

    tries: int = 4
    first: float = 0.5
    grace: float = 30.0
    rate: float = 100_000.0


def fetch_blob(
    origin: BinaryCache, wanted: Output, cache: Cache, patience: FetchLimits, progress: Callable[[int], None]
) -> None:
    """Bring a blob into the cache.

    Args:
        origin: where from.
        wanted: its digest and size.
        cache: where to; what came of a blob that broke off stays there for the next try, or run.
        patience: tries and time.
        progress: called with numbers of bytes that came; negative where they were no good.

    Raises:
        AbsentError: the origin does not have it.
        BrokenError: it could not be had whole.
        RefusedError: it has another content.
    """
    part = cache.folder("parts") / digest.of([origin.name, wanted.sha256])
    before = part.stat().st_size if part.exists() else 0
    if before > wanted.size:
        part.unlink()
        before = 0
    progress(before)
    last = ""
    for attempt in range(patience.tries):
        try:
            _receive(origin, wanted, part, patience, progress)
        except BrokenError as error:
            last = str(error)
        else:
            if digest.of_file(part) == wanted.sha256:
                cache.add(part, move=True)
                return
            progress(-part.stat().st_size)
            part.unlink()
            if not before:
                raise CacheRefusedError(f"has another content for blob {wanted.sha256}")
            before = 0  # what an earlier run left may have been at fault
        time.sleep(patience.first * 2**attempt if attempt + 1 < patience.tries else 0)
    raise BrokenError(f"{last}; tried {patience.tries} times")


def _receive(
    origin: BinaryCache, wanted: Output, part: Path, patience: FetchLimits, progress: Callable[[int], None]
) -> None:
    """Bring the part file to the blob's size; BrokenError where less comes."""
    start = part.stat().st_size if part.exists() else 0
    until = time.monotonic() + patience.grace + wanted.size / patience.rate
    if start == wanted.size:
        return
    with origin.blob(wanted.sha256, start) as stream, part.open("ab") as file:
        if stream.start != start:
            file.truncate(0)
            progress(-start)
        size = stream.start
        for block in stream.blocks:
            size += len(block)
            if size > wanted.size:
                raise CacheRefusedError(f"has more than {wanted.size} bytes for blob {wanted.sha256}")
            file.write(block)
            progress(len(block))
            if time.monotonic() > until:
                raise BrokenError(f"too slow: {size} of {wanted.size} bytes in {patience.grace:.0f} s and more")
    if size < wanted.size:
        raise BrokenError(f"it ends after {size} of {wanted.size} bytes")
