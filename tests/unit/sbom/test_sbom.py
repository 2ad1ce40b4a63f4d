"""A bundle says what it is made of: package, version, licence and digest, read from the artifacts themselves."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.tarball import TarEntry, write_tar
from bedplate.config.bundle_layout import BundledArtifact, ReleaseFile
from bedplate.core.errors import BedplateError
from bedplate.core.oci import MANIFEST_TYPE
from bedplate.sbom import (
    blob_contents,
    bundled_documents,
    cyclonedx,
    dpkg,
    go_modules,
    npm_packages,
    package_inventory,
    python_metadata,
    spdx,
)
from bedplate.sbom.package import Ecosystem, Package
from factories import tiny_bundle

MODULES = """path\tk8s.example/tool
mod\tbedplate/wrapper\t(devel)\t
dep\tk8s.example/tool\tv1.2.3\th1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
dep\tgithub.example/old\tv1.0.0
=>\tgithub.example/fork\tv1.0.1\th1:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB=
build\t-trimpath=true
"""
STATUS = """Package: libblkid1
Status: install ok installed
Architecture: amd64
Source: util-linux (2.38.1-5)
Version: 2.38.1-5+b1
Description: a library
 of blocks

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

Package: base-files
Status: install ok installed
Architecture: amd64
Version: 12.4
"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tiny

Files: *
Copyright: one
License: GPL-2+

Files: lib/*
Copyright: another
License: Expat or Artistic
 with its text

License: GPL-2+
 the text
"""


def program(modules: str = MODULES, version: str = "go1.25.3") -> bytes:
    """Return a file with what Go's linker writes into a program, behind what only looks like it."""
    strings = [version.encode(), b"s" * 16 + modules.encode() + b"e" * 16]
    text = b"".join(_length(len(one)) + one for one in strings)
    header = go_modules.MAGIC + bytes([8, go_modules.INLINE]) + bytes(16)
    return (
        go_modules.ELF + bytes(2 << 20) + go_modules.MAGIC + b"no header" + bytes(100_000) + header + text + bytes(100)
    )


def _length(number: int) -> bytes:
    """Return an unsigned number as Go's varint."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def test_modules_of_a_program() -> None:
    """The linker's list counts: with replacements, the standard library, and no version of our own wrapper."""
    found = {(one.name, one.version): one.go_sum for one in go_modules.read_program(io.BytesIO(program()))}
    assert found.keys() == {("stdlib", "1.25.3"), ("k8s.example/tool", "v1.2.3"), ("github.example/fork", "v1.0.1")}
    assert found["github.example/fork", "v1.0.1"].startswith("h1:BBB")


@pytest.mark.parametrize("data", [b"", go_modules.MAGIC, b"x" * 3_000_000, program(version="1.25"), program()[:-200]])
def test_what_is_no_go_program(data: bytes) -> None:
    """Anything else gives nothing, or what is whole of it, and never an error."""
    assert all(one.ecosystem is Ecosystem.GO for one in go_modules.read_program(io.BytesIO(data)))


def test_installed_debian_packages() -> None:
    """What is installed counts, with the source that advisories name."""
    found = [(one.name, one.version, one.source) for one in dpkg.read_status(STATUS)]
    assert found == [("libblkid1", "2.38.1-5+b1", "util-linux@2.38.1-5"), ("base-files", "12.4", "base-files@12.4")]
    purl = dpkg.read_status(STATUS)[0].purl("debian-12").to_string()
    assert purl.startswith("pkg:deb/debian/libblkid1@2.38.1-5%2Bb1?arch=amd64&distro=debian-12&upstream=util-linux")


def test_licences_of_a_copyright_file() -> None:
    """All files' licences count together, in the words of SPDX; a file of another form says none."""
    assert dpkg.read_copyright(COPYRIGHT) == "GPL-2.0-or-later AND (MIT OR Artistic-1.0-Perl)"
    assert dpkg.read_copyright("This package is under the GPL.") == ""


NAMES = {
    "MIT": "MIT",
    "apache license 2.0": "Apache-2.0",
    "BSD-3-Clause AND MIT": "BSD-3-Clause AND MIT",
    "GPL-2": "GPL-2.0-only",
    "LGPL-2.1+": "LGPL-2.1-or-later",
    "GPLv3+": "GPL-3.0-or-later",
    "AGPL-3.0-only": "AGPL-3.0-only",
    "SEE LICENSE IN LICENSE": "",
    "Our own licence": "",
    "x" * 200: "",
    "": "",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_licence_names(name: str, expected: str) -> None:
    """What SPDX knows is said in its words; what it does not know is not guessed."""
    assert spdx.from_name(name) == expected


METADATA = {
    "License-Expression: MIT\nLicense: something": "MIT",
    "License: BSD": "",
    "License: Apache 2.0": "Apache-2.0",
    "Classifier: License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "Classifier: License :: OSI Approved :: MIT License\nClassifier: License :: OSI Approved :: BSD License": "",
}


@pytest.mark.parametrize(("fields", "expected"), METADATA.items())
def test_licence_of_a_wheel(fields: str, expected: str) -> None:
    """The expression counts before the free text, and that before the one classifier."""
    found = python_metadata.read_metadata(f"Metadata-Version: 2.4\nName: Tiny_Wheel\nVersion: 1.0\n{fields}\n\nText\n")
    assert (found.licence, found.purl("").to_string()) == (expected, "pkg:pypi/tiny-wheel@1.0")


PACKAGES = {
    '{"name": "@a/b", "version": "1.0.0", "license": "ISC"}': ("pkg:npm/%40a/b@1.0.0", "ISC"),
    '{"name": "b", "version": "1.0.0", "license": {"type": "MIT"}}': ("pkg:npm/b@1.0.0", "MIT"),
    '{"name": "b", "version": "1.0.0", "licenses": [{"type": "MIT"}, "ISC"]}': ("pkg:npm/b@1.0.0", "MIT OR ISC"),
    '{"name": "b", "version": "1.0.0"}': ("pkg:npm/b@1.0.0", ""),
}


@pytest.mark.parametrize(("text", "expected"), PACKAGES.items())
def test_npm_packages(text: str, expected: tuple[str, str]) -> None:
    """Scoped names and all of npm's old forms of a licence are read."""
    assert [(one.purl("").to_string(), one.licence) for one in npm_packages.read_package(text)] == [expected]


def test_npm_lock_and_broken_packages() -> None:
    """The lock's integrity becomes a SHA-512; a package.json without name is a test's, not a package."""
    integrity = "sha512-" + base64.b64encode(bytes(64)).decode()
    lock = {"packages": {"": {}, "node_modules/a/node_modules/@b/c": {"version": "1.0.0", "integrity": integrity}}}
    assert [(one.name, one.sha512) for one in npm_packages.read_lock(json.dumps(lock))] == [("@b/c", "00" * 64)]
    assert npm_packages.read_package('{"type": "module"}') == npm_packages.read_package("{") == []


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
        cache.add_bytes(tar("bin/tool", program())).sha256: ("go", "go:tool"),
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
    known = [Package(ecosystem=Ecosystem.NPM, name="left", version="1.0.0", sha512="00" * 64)]
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
    texts = [cyclonedx.of_release(release, packages), cyclonedx.of_image(release, image, packages[image.id])]
    assert texts == [cyclonedx.of_release(release, packages), cyclonedx.of_image(release, image, packages[image.id])]
    for text in texts:
        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.decode()) is None
    whole: dict[str, Any] = json.loads(texts[0])
    refs = [one["bom-ref"] for one in whole["components"]]
    assert len(refs) == len(set(refs))
    assert {one["name"] for one in whole["components"]} >= {"registry.example/tiny:v1", "tool", "left", "libblkid1"}
    assert {one["ref"] for one in whole["dependencies"]} == {*refs, "bedplate@2026.11.0"}
    assert bundled_documents.licences(whole) == {"(not stated)": 4, "MIT": 2, "BSD-3-Clause": 1}


def test_contents_are_read_once(made: tuple[ReleaseFile, Cache], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a blob holds is kept by its digest."""
    release, cache = made
    first = package_inventory.read_inventory(release, cache)
    monkeypatch.setattr(blob_contents, "read_tar", None)
    assert package_inventory.read_inventory(release, cache) == first


def test_a_bundle_without_documents_says_so(tmp_path: Path) -> None:
    """A bundle of an older form is named as such."""
    tiny = tiny_bundle.make(tmp_path)
    with pytest.raises(BedplateError, match="was built before bundles carried documents"):
        bundled_documents.read_sbom(tiny.folder)
