"""The cost of changing one component: builds a release with one more component, changes it, and builds again.

Everything is built in a separate cache that starts with links to the user's, which stays unchanged.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from timed_process import Run, bedplate

from bedplate.artifacts import resolve
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.load_release import load_release
from bedplate.bundle import publisher_signature

VERSION, COMPONENT = "2026.12.0-benchmark", "benchmark"
IMAGE = "registry.example.org/benchmark/changed"
DECLARED = f"""\
name: {COMPONENT}
summary: One image with one file
layer: hosts
images:
  - name: {IMAGE}
    files:
      - {{local: file, to: /file}}
"""
MADE = re.compile(r"^✓ (?P<artifact>(?:image|go|npm|file|deb|wheel):\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RebuildCost:
    """The cost of building again.

    Attributes:
        made: the artifacts that were built again.
        artifacts: number of artifacts of the release.
        seconds: time of the whole build, including the completeness proof and the signature.
        unchanged: time of a build without a change.
    """

    made: list[str]
    artifacts: int
    seconds: float
    unchanged: float

    @property
    def foreign(self) -> list[str]:
        """Return the artifacts of other components that were built again."""
        return [artifact for artifact in self.made if not artifact.startswith(f"image:{IMAGE}")]


def measure(root: Path, release: str) -> RebuildCost:
    """Build a release with one more component, change that component, and build again, in an empty folder."""
    tree, key = _tree(root / "tree", release), root / "key"
    env = {"BEDPLATE_CACHE": str(_linked_cache(root / "cache")), "BEDPLATE_TREES": str(tree)}
    publisher_signature.new_key(key)

    def build(text: str) -> Run:
        (tree / "manifests" / COMPONENT / "file").write_text(text)
        return bedplate("bundle", "build", VERSION, "--out", root / "bundle", "--key", key, "--record", env=env)

    build("first")
    build("first")  # the first build wrote its output into the lock, which is in the bundle
    unchanged, changed = build("first"), build("second")
    count = len(json.loads((root / "bundle/release.json").read_bytes())["artifacts"])
    return RebuildCost(MADE.findall(changed.output), count, changed.seconds, unchanged.seconds)


def _tree(tree: Path, release: str) -> Path:
    """Return a tree with a copy of a release that has one more component, and the lock of the original."""
    base, folder = load_release(release).folder, tree / "releases" / VERSION
    shutil.copytree(base, folder)
    text = re.sub(r"^version: .*$", f"version: {VERSION}", (base / "release.yaml").read_text(), flags=re.MULTILINE)
    (folder / "release.yaml").write_text(f"{text.rstrip()}\n  {COMPONENT}: 1.0.0\n")
    lock = load_release(release).lock().model_copy(update={"release": VERSION})
    resolve.write_lock(lock, folder)
    declaration = tree / "manifests" / COMPONENT / "component.yaml"
    declaration.parent.mkdir(parents=True)
    declaration.write_text(DECLARED)
    return tree


def _linked_cache(root: Path) -> Path:
    """Return a cache with links to all blobs of the user's cache, and with its records."""
    user = Cache().root
    for name in ("blobs", "recipes", "proved", "render"):
        shutil.copytree(user / name, root / name, copy_function=os.link)
    shutil.copyfile(user / "verified.json", root / "verified.json")
    return root
