"""Recording: what comes out of a build is written down, and the next build has the same digest."""

from __future__ import annotations

import hashlib
import tarfile
from pathlib import Path

import pytest

from bedplate import catalog, place
from bedplate.bundle import layout, sign
from bedplate.bundle.build import build
from bedplate.catalog import Catalog
from bedplate.model.lock import Lock
from bedplate.sbom import go_licences
from bedplate.sources import resolve
from bedplate.sources.cache import Cache
from bedplate.sources.file import File
from bedplate.sources.source import context as context_of

VERSION = "2026.1.0"
HELLO = "#!/bin/sh\necho hello\n"
TREE = {
    "manifests/hello/hello.sh": HELLO,
    "manifests/hello/component.yaml": f"""\
name: hello
summary: Says hello
layer: foundation
artifacts: [{{id: hello, kind: file, url: hello.sh, sha256: {hashlib.sha256(HELLO.encode()).hexdigest()}}}]
""",
    f"releases/{VERSION}/release.yaml": f"""\
version: {VERSION}
toolchain: {{go: '1', node: '1'}}
epoch: 1793491200
components: {{hello: '1'}}
""",
    "roles/site.yml": "[]\n",
    "roles/inputs.yaml.j2": "{}\n",
    "stacks/layers.py": 'LAYERS = ("foundation",)\n',
}
"""The least that is a platform: no host of it does anything."""


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Return a locked release of which nothing was ever built, in a tree of its own."""
    tree = tmp_path / "tree"
    for name, text in TREE.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    monkeypatch.setattr(place, "SOURCE", tree)
    monkeypatch.setenv("BEDPLATE_CACHE", str(tmp_path / "cache"))
    found = catalog.load(VERSION)
    empty = context_of(found, Cache(), Lock(release=VERSION, entries=[], sets={}))
    resolve.write(Lock(release=VERSION, entries=File().resolve(empty).entries, sets={}), found.folder)
    return found


def test_one_recording_gives_the_digest_of_the_next_build(release: Catalog, tmp_path: Path) -> None:
    """The installer that is carried has what was recorded, so that nobody has to build a third time."""
    sign.new_key(tmp_path / "key")
    recorded = build(release, tmp_path / "recorded", tmp_path / "key", record=True)
    assert all(entry.output for entry in release.lock().entries)
    with tarfile.open(recorded.folder / layout.blob(recorded.release.installer)) as tar:
        names = tar.getnames()
    assert {f"releases/{VERSION}/{name}" for name in (resolve.FILE, go_licences.FILE)} <= {*names}
    assert build(release, tmp_path / "plain", tmp_path / "key").digest == recorded.digest
