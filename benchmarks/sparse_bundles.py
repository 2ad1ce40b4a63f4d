"""The memory that a bundle's size costs: bundles of sparse files are verified, listed, compared and merged.

The files are sparse, so they take no disk; they are read and hashed like any others.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from timed_process import bedplate, run

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.verified_blobs import VerifiedBlobs
from bedplate.bundle import publisher_signature
from bedplate.bundle.write_bundle import write_bundle
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core import paths

HOLE = memoryview(bytes(1 << 20))
COUNT = 20
CHANGED = 256 << 20
"""Bytes that only the newer bundle has: all that a delta really writes."""


def peaks(root: Path, size: int) -> dict[str, int]:
    """Return the peak memory (bytes) of each command with bundles of a size, created in an empty folder."""
    cache, key = Cache(root / "cache"), root / "key"
    publisher_signature.new_key(key)
    large, (before, after) = list(_holes(cache, size // COUNT, COUNT)), _holes(cache, CHANGED, 2)
    old = _bundle(root / "old", "2026.1.0", [*large, before], cache, key)
    new = _bundle(root / "new", "2026.1.1", [*large, after], cache, key)
    public, listed = f"{key}.pub", root / "site.inventory"
    inventory: list[str | Path] = [sys.executable, Path(__file__).with_name("write_inventory.py"), old, key, listed]
    env = {"PYTHONPATH": str(paths.SOURCE / "installer"), "BEDPLATE_CACHE": str(root / "patches")}
    delta = ("bundle", "delta", new, "--inventory", listed, "--site", public, "--key", key, "--out", root / "delta")
    merge = ("bundle", "merge", root / "delta", "--base", old, "--publisher", public, "--out", root / "merged")
    return {
        "bundle verify": bedplate("bundle", "verify", new, "--publisher", public).peak,
        "bundle inventory --read": run(inventory, env).peak,
        "bundle delta": bedplate(*delta, env=env).peak,
        "bundle merge": bedplate(*merge, env=env).peak,
    }


def _holes(cache: Cache, size: int, count: int) -> Iterator[BundledArtifact]:
    """Put files of zeros into a cache, each one byte longer than the last, so that one pass hashes all."""
    sha = hashlib.sha256()
    for start in range(0, size, len(HOLE)):
        sha.update(HOLE[: size - start])
    for number in range(count):
        digest, length = sha.hexdigest(), size + number
        blob = cache.blob(digest)
        blob.parent.mkdir(parents=True, exist_ok=True)
        with blob.open("wb") as file:
            file.truncate(length)
        with VerifiedBlobs(cache) as verified:
            verified.add(digest, blob.stat())
        name = f"hole-{length}"
        yield BundledArtifact(id=f"file:{name}", kind="file", sha256=digest, size=length, file=name)
        sha.update(b"\0")


def _bundle(folder: Path, version: str, artifacts: list[BundledArtifact], cache: Cache, key: Path) -> Path:
    installer = cache.add_bytes(version.encode()).sha256
    write_bundle(folder, ReleaseFile(release=version, installer=installer, artifacts=artifacts, sets={}), cache, key)
    return folder
