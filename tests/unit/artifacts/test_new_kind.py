"""A source kind is one folder: one that only this test has goes through lock, build, bundle and bill of materials."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bedplate import artifacts
from bedplate.artifacts import kinds, resolve
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import build_context, ecosystems, source_kinds
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.stale import check_current
from bedplate.artifacts.wheel import wheel_source
from bedplate.build.build_bundle import build_bundle
from bedplate.bundle import publisher_signature
from bedplate.config.artifact import MODELS
from bedplate.config.catalog import Catalog
from bedplate.config.release_lock import Entry, Lock
from bedplate.core.errors import ErrorList
from bedplate.cve.advisory import Advisory
from bedplate.cve.vulnerability import installed_packages, match_advisories
from bedplate.sbom import bundled_documents
from factories import least_release
from factories.least_release import SETS, VERSION

KINDS = Path(__file__).parents[2] / "data/source_kinds"
COMPONENT = """\
name: hello
summary: Says hello
layer: foundation
artifacts: [{id: greeting, kind: toy, text: hello}]
images:
  - name: registry.example.test/hello
    files: [{artifact: greeting, to: /hello.toy}]
"""
IMAGE = "image:registry.example.test/hello:v1"


@pytest.fixture
def toy_kind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the folder of the kind `toy` next to those of the package."""
    monkeypatch.setattr(artifacts, "__path__", [*artifacts.__path__, str(KINDS)])
    source_kinds.cache_clear()
    ecosystems.cache_clear()
    yield
    source_kinds.cache_clear()
    ecosystems.cache_clear()
    MODELS.pop("toy", None)
    for name in [name for name in sys.modules if name.startswith(f"{artifacts.__name__}.toy")]:
        del sys.modules[name]
    vars(artifacts).pop("toy", None)


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toy_kind: None) -> Catalog:
    """Return a release with a toy and an image of it, where all that needs the network is locked already."""
    assert toy_kind is None
    found = least_release.make(tmp_path / "tree", tmp_path / "cache", monkeypatch)
    (tmp_path / "requirements.txt").touch()
    monkeypatch.setattr(wheel_source, "RUNTIME", tmp_path / "requirements.txt")
    compiler = Cache().add_bytes(b"compiler")
    entry = Entry(id="wheel:both", kind="wheel", pin={"version": "1"}, recipe="1", output=compiler)
    sets = {**SETS, "toolchain:go": [entry.id], "toolchain:node": [entry.id]}
    resolve.write_lock(Lock(release=VERSION, entries=[entry], sets=sets), found.folder)
    (found.folders["hello"] / "component.yaml").write_text(COMPONENT)
    return load_release(VERSION)


def test_a_kind_is_one_folder(release: Catalog, tmp_path: Path) -> None:
    """It is locked, built, put into an image and the bundle, and named in the bill of materials and to advisories."""
    assert "toy" in kinds.kind_names()
    lock = resolve.lock_release(release, Cache())
    assert {"toy:greeting", IMAGE} <= lock.by_id.keys()
    publisher_signature.new_key(tmp_path / "key")
    made = build_bundle(release, tmp_path / "bundle", tmp_path / "key", record=True)
    toy = next(artifact for artifact in made.release.artifacts if artifact.kind == "toy")
    assert (tmp_path / "bundle/blobs/sha256" / toy.sha256).read_bytes() == b"HELLO"
    bill = bundled_documents.parse_sbom(bundled_documents.read_sbom(tmp_path / "bundle"))
    assert [one["purl"] for one in bill["components"] if one["name"] == "hello"] == ["pkg:toy/hello@1"]
    statements = [json.loads(line) for line in bundled_documents.read_provenance(tmp_path / "bundle").splitlines()]
    assert [one["subject"][0]["name"] for one in statements] == ["registry.example.test/hello:v1", "greeting"]
    affected = {"package": {"ecosystem": "Toys", "name": "hello"}, "versions": ["1"]}
    advisory = Advisory.model_validate({"id": "TOY-1", "affected": [affected]})
    (hit,) = match_advisories(installed_packages(bill), [advisory]).hits
    assert {"greeting", "registry.example.test/hello:v1"} <= {*hit.package.holders}


def test_a_changed_declaration_is_found(release: Catalog) -> None:
    """The kind's own recipe says that a lock is stale."""
    lock = resolve.lock_release(release, Cache())
    check_current(build_context(release, Cache(), lock))
    file = release.folders["hello"] / "component.yaml"
    file.write_text(file.read_text().replace("text: hello", "text: bye"))
    with pytest.raises(ErrorList, match="artifact greeting of component hello was changed since it was locked"):
        check_current(build_context(load_release(VERSION), Cache(), lock))
