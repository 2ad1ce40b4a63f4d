"""Each built artifact has a statement of what it was made of; the bundle carries and signs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.kinds import build_context
from bedplate.artifacts.load_release import load_release
from bedplate.artifacts.package import Package
from bedplate.bundle import verify_bundle
from bedplate.bundle.write_bundle import write_bundle
from bedplate.config import bundle_layout
from bedplate.config.bundle_layout import BundledArtifact, ReleaseDocument, ReleaseFile
from bedplate.core.errors import BedplateError
from bedplate.sbom import bundled_documents, provenance
from factories import tiny_bundle

SHA = "5" * 64
MODULE = Package(ecosystem="golang", name="k8s.io/api", version="v1.0.0", go_sum="h1:" + "A" * 43 + "=")


@pytest.fixture(scope="module")
def statements(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """Return the statements of this tree's newest release, by artifact; its outputs are those of its lock."""
    found = load_release("2026.11.0")
    lock = found.lock()
    artifacts = [
        BundledArtifact(id=e.id, kind=e.kind, sha256=SHA, size=1, image=e.id[6:] * (e.kind == "image"), file="x")
        for e in lock.entries
    ]
    release = ReleaseFile(release="2026.11.0", installer=SHA, artifacts=artifacts, sets={})
    context = build_context(found, Cache(tmp_path_factory.mktemp("cache")), lock)
    packages = dict.fromkeys((one.id for one in artifacts), (MODULE,))
    lines = provenance.provenance_statements(release, packages, context).splitlines()
    parsed = [json.loads(line) for line in lines]
    return {one["predicate"]["buildDefinition"]["externalParameters"]["artifact"]: one for one in parsed}


def test_every_built_artifact_has_one(statements: dict[str, dict[str, Any]]) -> None:
    """Images, Go programs and npm packages are built; packages and wheels are taken as they are."""
    kinds = {name.partition(":")[0] for name in statements}
    assert kinds == {"image", "go", "npm"}
    for one in statements.values():
        assert (one["_type"], one["predicateType"]) == (provenance.STATEMENT, provenance.PREDICATE)
        assert one["subject"][0]["digest"] == {"sha256": SHA}


def test_names_what_went_in(statements: dict[str, dict[str, Any]]) -> None:
    """An image names its packages, wheels and programs by digest; a program its compiler and its modules."""
    hub = next(one for name, one in statements.items() if "k8s-hub" in name)
    inputs = {one["name"].partition(":")[0]: one for one in _made_of(hub) if "name" in one}
    assert {"deb", "wheel"} <= inputs.keys()
    assert all(len(one["digest"]["sha256"]) == 64 for one in inputs.values())
    tool = next(one for name, one in statements.items() if name.startswith("go:"))
    compiler = load_release("2026.11.0").lock().sets["toolchain:go"]
    assert {one.get("name") for one in _made_of(tool)} >= set(compiler)
    module = next(one for one in _made_of(tool) if one.get("uri", "").startswith("pkg:golang"))
    assert (module["uri"], module["digest"]) == ("pkg:golang/k8s.io/api@v1.0.0", {"dirHash": "00" * 32})
    assert tool["predicate"]["buildDefinition"]["internalParameters"]["recipe"]


def _made_of(statement: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = statement["predicate"]["buildDefinition"]["resolvedDependencies"]
    return found


def test_documents_are_in_the_bundle(tmp_path: Path) -> None:
    """They are blobs that the signature covers and the index lists; a flipped one is not shown."""
    tiny = tiny_bundle.make(tmp_path)
    texts = {bundle_layout.SBOM: b'{"components": []}', bundle_layout.PROVENANCE: b"{}\n"}
    outputs = {kind: tiny.cache.add_bytes(text) for kind, text in texts.items()}
    documents = [ReleaseDocument(kind=kind, sha256=one.sha256, size=one.size) for kind, one in outputs.items()]
    release = tiny.release.model_copy(update={"documents": documents})
    write_bundle(tiny.folder, release, tiny.cache, tiny.key)
    verify_bundle.verify(tiny.folder, tiny.publisher)
    assert bundled_documents.read_sbom(tiny.folder) == texts[bundle_layout.SBOM]
    assert bundled_documents.read_provenance(tiny.folder) == texts[bundle_layout.PROVENANCE]
    index = json.loads((tiny.folder / bundle_layout.INDEX).read_bytes())
    assert index["manifests"][-1]["artifactType"] == "application/vnd.bedplate.documents.v1"
    blob = tiny.folder / bundle_layout.blob_path(documents[0].sha256)
    blob.unlink()
    blob.write_bytes(b"{}")
    with pytest.raises(BedplateError, match="differs from what was signed"):
        bundled_documents.read_sbom(tiny.folder)
