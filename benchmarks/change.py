"""What one component's change costs: a release with one more component is built, that is changed, and built again.

Everything is built in a cache of its own that begins with links to all the user's has; so nothing there changes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from process import Run, bedplate

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
class Change:
    """What building again cost.

    Attributes:
        made: the artifacts that were made.
        artifacts: number of artifacts that the release has.
        seconds: time of the whole build, the closure's proof and the signature included.
        unchanged: time of a build in which nothing had changed.
    """

    made: list[str]
    artifacts: int
    seconds: float
    unchanged: float

    @property
    def foreign(self) -> list[str]:
        """Return what was made that is not the changed component's."""
        return [artifact for artifact in self.made if not artifact.startswith(f"image:{IMAGE}")]


def measure(root: Path, release: str) -> Change:
    """Build a release with one more component, change that component, and build again, in an empty folder."""
    tree, key = _tree(root / "tree", release), root / "key"
    env = {"BEDPLATE_CACHE": str(_linked_cache(root / "cache")), "BEDPLATE_TREES": str(tree)}
    publisher_signature.new_key(key)

    def build(text: str) -> Run:
        (tree / "manifests" / COMPONENT / "file").write_text(text)
        return bedplate("bundle", "build", VERSION, "--out", root / "bundle", "--key", key, "--record", env=env)

    build("first")
    build("first")  # the first one wrote its output into the lock, which the bundle carries
    unchanged, changed = build("first"), build("second")
    count = len(json.loads((root / "bundle/release.json").read_bytes())["artifacts"])
    return Change(MADE.findall(changed.output), count, changed.seconds, unchanged.seconds)


def _tree(tree: Path, release: str) -> Path:
    """Return a tree with a release that is another one's with the component, and with that one's lock."""
    base, folder = load_release(release).folder, tree / "releases" / VERSION
    shutil.copytree(base, folder)
    text = re.sub(r"^version: .*$", f"version: {VERSION}", (base / "release.yaml").read_text(), flags=re.MULTILINE)
    (folder / "release.yaml").write_text(f"{text.rstrip()}\n  {COMPONENT}: 1.0.0\n")
    lock = load_release(release).lock().model_copy(update={"release": VERSION})
    resolve.write_lock(lock, folder)
    place = tree / "manifests" / COMPONENT / "component.yaml"
    place.parent.mkdir(parents=True)
    place.write_text(DECLARED)
    return tree


def _linked_cache(root: Path) -> Path:
    """Return a cache with all blobs of the user's, as links, and with what is noted about them."""
    user = Cache().root
    for name in ("blobs", "recipes", "proved", "render"):
        shutil.copytree(user / name, root / name, copy_function=os.link)
    shutil.copyfile(user / "verified.json", root / "verified.json")
    return root
