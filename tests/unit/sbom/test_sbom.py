"""A bundle says what it is made of: package, version, licence and digest, read from the artifacts themselves."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bedplate.artifacts import source_kind
from bedplate.artifacts.cache import Cache
from bedplate.artifacts.package import Package
from bedplate.artifacts.tarball import TarEntry, write_tar
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core.errors import BedplateError
from bedplate.core.oci import MANIFEST_TYPE
from bedplate.sbom import bundled_documents, cyclonedx, package_inventory
from factories import tiny_bundle
from factories.dpkg_status import STATUS
from factories.go_program import go_program


def tar(name: str, content: bytes) -> bytes:
    """Return a tar of one file."""
    out = io.BytesIO()
    write_tar([TarEntry(name, 0o755, content=content)], out, 0)
    return out.getvalue()


@pytest.fixture
def made(tmp_path: Path) -> tuple[ReleaseFile, Cache]:
    """Return a release of one image of two layers, a package, a wheel and a program, with their blobs."""
    cache = Cache(tmp_path / "cache")
    node = '{"name": "left", "version": "1.0.0", "license": "MIT"}'
    lower = tiny_bundle.tar({"var/lib/dpkg/status": STATUS.replace("12.4", "12.3")})
    upper = tiny_bundle.tar(
        {
            "var/lib/dpkg/status": STATUS,
            "opt/node_modules/left/package.json": node,
            "opt/python/tiny_wheel-1.0.dist-info/METADATA": "Name: tiny-wheel\nVersion: 1.0\n",
        }
    )
    layers = [cache.add_bytes(zstandard.compress(lower)), cache.add_bytes(upper)]
    parts = [{"mediaType": "x", "digest": f"sha256:{one.sha256}", "size": one.size} for one in layers]
    image = cache.add_bytes(
        json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": parts[0], "layers": parts}).encode()
    )
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny_wheel-1.0.dist-info/METADATA", "Name: tiny-wheel\nVersion: 1.0\nLicense: MIT\n")
    control = "Package: libblkid1\nSource: util-linux (2.38.1-5)\nVersion: 2.38.1-5+b1\nArchitecture: amd64\n"
    blobs: dict[str, tuple[str, str]] = {
        image.sha256: ("image", "image:registry.example/tiny:v1"),
        cache.add_bytes(tar("bin/tool", go_program())).sha256: ("go", "go:tool"),
        cache.add_bytes(wheel.getvalue()).sha256: ("wheel", "wheel:tiny_wheel-1.0-py3-none-any.whl"),
        cache.add_bytes(tiny_bundle.package(control)).sha256: ("deb", "deb:libblkid1_2.38.1-5+b1_amd64"),
    }
    artifacts = [
        BundledArtifact(
            id=name,
            kind=kind,
            sha256=sha,
            size=1,
            file=name.partition(":")[2],
            image="registry.example/tiny:v1" if kind == "image" else "",
        )
        for sha, (kind, name) in blobs.items()
    ]
    known = {"epoch": 1793491200, "suite": "bookworm", "installer": "0" * 64, "sets": {}}
    return ReleaseFile(release="2026.11.0", artifacts=artifacts, **known), cache


def test_what_an_artifact_and_its_lock_say_is_joined(made: tuple[ReleaseFile, Cache]) -> None:
    """The topmost dpkg status counts; a package whose file is in the release has that file's digest and licence."""
    release, cache = made
    known = [Package(ecosystem="npm", name="left", version="1.0.0", sha512="00" * 64)]
    found = {
        one.name: one
        for one in package_inventory.read_inventory(release, cache, known).packages["image:registry.example/tiny:v1"]
    }
    files = {artifact.kind: artifact.sha256 for artifact in release.artifacts}
    assert found["base-files"].version == "12.4"
    assert (found["libblkid1"].sha256, found["base-files"].sha256) == (files["deb"], "")
    assert (found["tiny-wheel"].sha256, found["tiny-wheel"].licence) == (files["wheel"], "MIT")
    assert (found["left"].sha512, found["left"].licence) == ("00" * 64, "MIT")


def test_documents_are_valid_and_the_same_each_time(made: tuple[ReleaseFile, Cache]) -> None:
    """CycloneDX's own strict schema accepts both, each package is in them once, and two runs give the same bytes."""
    release, cache = made
    packages = package_inventory.read_inventory(release, cache).packages
    image = next(one for one in release.artifacts if one.image)
    texts = [
        cyclonedx.release_document(release, packages),
        cyclonedx.image_document(release, image, packages[image.id]),
    ]
    assert texts == [
        cyclonedx.release_document(release, packages),
        cyclonedx.image_document(release, image, packages[image.id]),
    ]
    for text in texts:
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.decode()) is None
    whole: dict[str, Any] = json.loads(texts[0])
    refs = [one["bom-ref"] for one in whole["components"]]
    assert len(refs) == len(set(refs))
    assert {one["name"] for one in whole["components"]} >= {"registry.example/tiny:v1", "tool", "left", "libblkid1"}
    assert {one["ref"] for one in whole["dependencies"]} == {*refs, "bedplate@2026.11.0"}
    assert bundled_documents.count_licences(whole) == {"(not stated)": 4, "MIT": 2, "BSD-3-Clause": 1}


def test_contents_are_read_once(made: tuple[ReleaseFile, Cache], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a blob holds is kept by its digest."""
    release, cache = made
    first = package_inventory.read_inventory(release, cache)
    monkeypatch.setattr(source_kind, "read_tar", None)
    assert package_inventory.read_inventory(release, cache) == first


def test_a_bundle_without_documents_says_so(tmp_path: Path) -> None:
    """A bundle of an older form is named as such."""
    tiny = tiny_bundle.make(tmp_path)
    with pytest.raises(BedplateError, match="was built before bundles carried documents"):
        bundled_documents.read_sbom(tiny.folder)
