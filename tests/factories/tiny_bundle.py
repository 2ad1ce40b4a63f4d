"""A tiny signed bundle: one image, one program, one Debian package, one wheel and the installer."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile
from dataclasses import dataclass
from functools import cache as cache_result
from importlib.metadata import files
from importlib.metadata import version as version_of
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.bundle import publisher_signature
from bedplate.bundle.write_bundle import write_bundle
from bedplate.config.bundle_layout import BastionNeeds, BastionProgram, BundledArtifact, ReleaseFile
from bedplate.config.release_lock import Output
from bedplate.core.oci import MANIFEST_TYPE

IMAGE = "registry.k8s.io/tiny:v1"
CONFIG_TYPE, LAYER_TYPE = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"
DEB = "tiny_1.0-1_all.deb"
WHEEL = "tiny_wheel-1.0-py3-none-any.whl"
PROGRAM = "#!/bin/sh\necho tiny\n"


@dataclass(frozen=True)
class Tiny:
    """A bundle, with the release, cache and key that it was made from."""

    folder: Path
    cache: Cache
    key: Path
    release: ReleaseFile

    @property
    def publisher(self) -> str:
        """Return the publisher's public key."""
        return publisher_signature.public_key(self.key)


def make(root: Path, *, wheels: bool = False, label: str = "") -> Tiny:
    """Create the bundle in root/bundle, its cache in root/cache and its key in root/key."""
    cache, key = Cache(root / "cache"), root / "key"
    if not key.exists():
        publisher_signature.new_key(key)
    release = release_file(cache, wheels=wheels)
    release = release.model_copy(update={"release": release.release + label})
    write_bundle(root / "bundle", release, cache, key)
    return Tiny(root / "bundle", cache, key, release)


def release_file(cache: Cache, *, wheels: bool) -> ReleaseFile:
    """Add the artifacts to the cache and return their release.json."""
    program = cache.add_bytes(tar({"bin/kubectl": PROGRAM}))
    installer = cache.add_bytes(tar({"bedplate": "#!/bin/sh\necho bedplate\n", "requirements/runtime.txt": "tiny\n"}))
    artifacts = [
        _artifact("image:" + IMAGE, "image", image(cache), image=IMAGE),
        _artifact("go:tiny", "go", program, file="tiny-1.tar"),
        _artifact("deb:tiny_1.0-1_all", "deb", cache.add_bytes(package()), file=DEB),
    ]
    wheels_by_name = {WHEEL: wheel(), **({f"pip-{version_of('pip')}-py3-none-any.whl": pip()} if wheels else {})}
    artifacts += [_artifact(f"wheel:{n}", "wheel", cache.add_bytes(data), file=n) for n, data in wheels_by_name.items()]
    programs = [BastionProgram(component="tiny", version="1", artifact=program.sha256, path="bin/kubectl")]
    needs = BastionNeeds(
        packages=["deb:tiny_1.0-1_all"], programs=programs, wheels=[f"wheel:{n}" for n in wheels_by_name if wheels]
    )
    known = {"epoch": 1793491200, "suite": "bookworm", "installer": installer.sha256, "sets": {}}
    return ReleaseFile(release="2026.11.0", artifacts=artifacts, bastion=needs, **known)


def _artifact(name: str, kind: str, output: Output, *, file: str = "", image: str = "") -> BundledArtifact:
    return BundledArtifact(id=name, kind=kind, sha256=output.sha256, size=output.size, file=file, image=image)


def image(cache: Cache) -> Output:
    """Add an image of one layer to the cache and return its manifest's digest."""
    parts = {
        CONFIG_TYPE: cache.add_bytes(b'{"architecture":"amd64","os":"linux"}'),
        LAYER_TYPE: cache.add_bytes(tar({"a": "b"})),
    }
    config, layer = (
        {"mediaType": kind, "digest": f"sha256:{part.sha256}", "size": part.size} for kind, part in parts.items()
    )
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config, "layers": [layer]}
    return cache.add_bytes(json.dumps(manifest).encode())


def package(control: str = "Package: tiny\nVersion: 1.0-1\nArchitecture: all\nDescription: tiny\n one\n") -> bytes:
    """Return a Debian package."""
    parts = {"debian-binary": b"2.0\n", "control.tar": tar({"./control": control}), "data.tar": tar({})}
    members = [
        f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
        for name, data in parts.items()
    ]
    return b"!<arch>\n" + b"".join(members)


def wheel() -> bytes:
    """Return a wheel."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, text in {
            "tiny.py": "",
            "tiny_wheel-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny-wheel\nVersion: 1.0\n",
            "tiny_wheel-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "tiny_wheel-1.0.dist-info/RECORD": "",
        }.items():
            file.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


@cache_result
def pip() -> bytes:
    """Return a wheel of this environment's pip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for path in sorted(files("pip") or (), key=str):
            if path.suffix != ".pyc" and not str(path).startswith(".."):
                file.writestr(zipfile.ZipInfo(str(path)), Path(path.locate()).read_bytes())
    return out.getvalue()


def tar(content: dict[str, str]) -> bytes:
    """Return a tar of text files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        for name, text in content.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(text.encode()), 0o755
            file.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()
