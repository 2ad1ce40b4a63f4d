"""Caches of the comparison's own: made of the user's, without what the code to be compared has to make again."""

from __future__ import annotations

import json
from pathlib import Path

from same_output.source_tree import CACHE, Tree

BLOBS = "blobs/sha256"
RENDERED = "render"
"""Folder of the cache with rendered components."""


def without_rendered(tree: Tree) -> Path:
    """Return a cache with everything but what was rendered before."""
    folder = tree.work / f"cache-{tree.name}"
    folder.mkdir()
    for path in CACHE.iterdir():
        if path.name not in (RENDERED, tree.work.name):
            (folder / path.name).symlink_to(path)
    return folder


def without_images(tree: Tree, release: str) -> Path:
    """Return a cache with a release's packages, wheels, pages and programs, but without images and documents."""
    folder = tree.work / f"cache-{tree.name}-{release}"
    (folder / BLOBS).mkdir(parents=True)
    lock = json.loads((tree.folder / "releases" / release / "release.lock").read_bytes())
    for entry in lock["entries"]:
        if entry["kind"] != "image":
            _link(entry, folder)
    return folder


def _link(entry: dict[str, dict[str, str]], folder: Path) -> None:
    sha256 = entry["output"]["sha256"]
    source, target = CACHE / BLOBS / sha256, folder / BLOBS / sha256
    if not source.is_file():
        raise SystemExit(f"{entry['id']} is not in {CACHE}: build the release once, then compare again")
    if not target.exists():
        target.hardlink_to(source)
