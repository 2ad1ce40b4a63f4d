"""A built bundle as a source for building its release again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from bedplate import digest
from bedplate.bundle import layout
from bedplate.model.lock import Entry, Lock
from bedplate.sources.cache import Cache


def take(bundle: Path, lock: Lock, cache: Cache) -> int:
    """Put every locked artifact that a bundle has and the cache lacks into the cache, and return how many.

    A blob counts only if its content has the digest it is named by: nothing of a bundle is trusted.
    """
    return sum(_take_entry(bundle, entry, cache) for entry in lock.entries if entry.output)


def _take_entry(bundle: Path, entry: Entry, cache: Cache) -> bool:
    if entry.output is None or (cache.has(entry.output.sha256) and cache.recall(entry.recipe)):
        return False
    wanted = [entry.output.sha256]
    if not _take_blob(bundle, entry.output.sha256, cache):
        return False
    if entry.kind == "image":
        wanted = _parts(cache.blob(entry.output.sha256))
        if not all(_take_blob(bundle, part, cache) for part in wanted):
            return False
    cache.remember(entry.recipe, entry.output)
    return True


def _take_blob(bundle: Path, sha256: str, cache: Cache) -> bool:
    if cache.has(sha256):
        return True
    blob = bundle / layout.blob(sha256)
    if not blob.is_file():
        return False
    with cache.scratch() as folder:
        copy = Path(shutil.copyfile(blob, folder / sha256))
        if digest.of_file(copy) != sha256:
            return False
        cache.add(copy, move=True)
    return True


def _parts(manifest: Path) -> list[str]:
    image = json.loads(manifest.read_bytes())
    return [part["digest"].removeprefix("sha256:") for part in (image["config"], *image["layers"])]
