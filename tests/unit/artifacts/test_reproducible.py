from __future__ import annotations

import os
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bedplate.artifacts import toolchain
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.go.go_artifact import GoArtifact
from bedplate.artifacts.go.go_source import GoSource
from bedplate.artifacts.kinds import source_kinds
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.npm.npm_artifact import NpmArtifact
from bedplate.artifacts.npm.npm_source import NpmSource
from bedplate.artifacts.source_kind import Context, fetch_or_build
from bedplate.artifacts.toolchain import WHEELS
from bedplate.config import catalog
from bedplate.config.release import Release
from bedplate.config.release_lock import Lock, Output
from bedplate.core import paths
from factories.tiny_release import EPOCH, component

pytestmark = pytest.mark.slow

UUID = {"kind": "go", "module": "github.com/google/uuid", "version": "v1.6.0", "packages": []}
FLAG = {"kind": "go", "module": "github.com/spf13/pflag", "version": "v1.0.5", "packages": []}
ARTIFACTS: list[dict[str, Any]] = [
    {**UUID, "id": "plain", "main": "uuid.go"},
    {**FLAG, "id": "flagged", "main": "flag.go", "ldflags": ["-X main.version=1.0"], "tags": ["netgo"]},
    {**UUID, "id": "paged", "main": "uuid.go", "embed": [{"artifact": "page", "to": "page"}], "files": ["page/*"]},
]
PAGE = {"id": "page", "kind": "npm", "path": "page", "commands": [["node", "build.js"]], "output": "page/dist"}

SOURCES = {
    "uuid.go": """package main

import "github.com/google/uuid"

func main() { println(uuid.NewSHA1(uuid.Nil, []byte("bedplate")).String()) }
""",
    "flag.go": """package main

import "github.com/spf13/pflag"

var version string

func main() { pflag.Parse(); println(version, pflag.NArg()) }
""",
    "page/package.json": '{"name": "page", "private": true, "dependencies": {"escape-html": "1.0.3"}}\n',
    "page/build.js": """const fs = require("fs");
fs.mkdirSync("dist");
fs.writeFileSync("dist/index.html", "<p>" + require("escape-html")("a < b") + "</p>");
""",
}


def _context(folder: Path, cache: Path, lock: Lock | None = None) -> Context:
    """Return a release of small programs and a page, with a cold cache that has at most the compilers' wheels."""
    for name, text in SOURCES.items():
        (folder / "tool" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "tool" / name).write_text(text)
    own = component(artifacts=[*map(GoArtifact.model_validate, ARTIFACTS), NpmArtifact.model_validate(PAGE)])
    release = Release(version="1", toolchain=_ours().release.toolchain, epoch=EPOCH, components={"tool": "1.0"})
    empty = Lock(release="1", entries=[], sets={})
    return Context(
        release,
        folder / "release",
        {"tool": own},
        {"tool": folder / "tool"},
        _cold(cache),
        lock or empty,
        kinds=source_kinds(),
    )


def _ours() -> catalog.Catalog:
    newest = max((paths.SOURCE / "releases").glob("*/release.lock"))
    return load_release(str(newest.parent))


def _cold(folder: Path) -> Cache:
    """Return an empty cache, but for the compilers' wheels where this machine has them: they are fetched by hash."""
    cache, warm, lock = Cache(folder), Cache(), _ours().lock()
    for language in WHEELS:
        sha256 = lock.by_id[lock.sets[f"toolchain:{language}"][0]].pin["sha256"]
        if warm.has(sha256):
            cache.add(warm.blob(sha256))
    return cache


def _locked(context: Context) -> Lock:
    for resolve in (toolchain.resolve_compilers, NpmSource().resolve, GoSource().resolve):
        found = resolve(replace(context, previous=_ours().lock()))
        entries = {**context.lock.by_id, **{entry.id: entry for entry in found.entries}}
        lock = Lock(release="1", entries=list(entries.values()), sets={**context.lock.sets, **found.sets})
        context = context.with_lock(lock)
    return context.lock


def _built(folder: Path, cache: Path, lock: Lock) -> dict[str, Output]:
    context = _context(folder, cache, lock)
    return {entry.id: fetch_or_build(entry, context) for entry in lock.entries if entry.kind in ("go", "npm")}


def test_two_cold_builds_give_equal_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three Go programs and a page come out the same from caches, folders, homes and variables that differ."""
    first = tmp_path / "a"
    lock = _locked(_context(first, first / "cache"))
    one = _built(first, first / "cache", lock)
    # Another machine: another folder, another home, and settings that would change what is compiled.
    second = tmp_path / "much/longer/path"
    second.mkdir(parents=True)
    (first / "release").rename(second / "release")
    for name, value in {"GOFLAGS": "-race", "GOAMD64": "v3", "CGO_ENABLED": "1", "NODE_ENV": "production"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("USER", "someone-else")
    two = _built(second, second / "cache", lock)
    assert one == two
    assert set(one) == {"go:plain", "go:flagged", "go:paged", "npm:page"}
    with tarfile.open(Cache(second / "cache").blob(two["go:paged"].sha256)) as tar:
        assert tar.getnames() == ["bin", "bin/paged", "files", "files/page", "files/page/index.html"]
        tar.extract("bin/paged", tmp_path, filter="data")
    assert os.access(tmp_path / "bin/paged", os.X_OK)
