"""The smallest release: one file and one image of it, and nothing on hosts. It builds in a second."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bedplate.artifacts import resolve
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.file.file_source import FileSource
from bedplate.artifacts.kinds import build_context
from bedplate.artifacts.load_release import load_release
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Lock
from bedplate.core import paths

VERSION = "2026.1.0"
HELLO = "#!/bin/sh\necho hello\n"
FILE, IMAGE = "file:hello", "image:registry.example.test/hello:v1"
COMPONENT = f"""\
name: hello
summary: Says hello
layer: foundation
artifacts: [{{id: hello, kind: file, url: hello.sh, sha256: {hashlib.sha256(HELLO.encode()).hexdigest()}}}]
images:
  - name: registry.example.test/hello
    files: [{{artifact: hello, to: /hello}}]
    entrypoint: [/hello]
"""
TREE = {
    "manifests/hello/hello.sh": HELLO,
    "manifests/hello/component.yaml": COMPONENT,
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
SETS: dict[str, list[str]] = {"deb:": [], "wheel:installer": []}
"""The sets of every release: the packages of the base image, and the installer's wheels."""


def make(tree: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Return the context of the release, locked but not built, with its own cache."""
    for name, text in TREE.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    monkeypatch.setattr(paths, "SOURCE", tree)
    monkeypatch.setenv("BEDPLATE_CACHE", str(cache))
    release = load_release(VERSION)
    empty = build_context(release, Cache(), Lock(release=VERSION, entries=[], sets={}))
    resolve.write_lock(Lock(release=VERSION, entries=FileSource().resolve(empty).entries, sets=SETS), release.folder)
    return release
