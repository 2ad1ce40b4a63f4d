"""Signed bundles of several versions of one platform, and a site that has one of them; for tests of deltas."""

from __future__ import annotations

import json
import random
import subprocess
from dataclasses import dataclass, field, replace
from pathlib import Path

from bedplate.artifacts.cache import Cache
from bedplate.artifacts.image.layer import make_layer
from bedplate.artifacts.tarball import TarEntry
from bedplate.bundle import publisher_signature, ssh_signature
from bedplate.bundle.write_bundle import write_bundle
from bedplate.config.bundle_layout import BastionNeeds, BundledArtifact, ReleaseFile
from bedplate.config.release_lock import Output
from bedplate.core import digest
from bedplate.core.oci import MANIFEST_TYPE
from bedplate.core.reporter import SilentReporter
from bedplate.delta import inventory
from bedplate.delta.delta_plan import DeltaPlan, DeltaRequest, plan_delta
from bedplate.delta.merge import MergeResult, merge
from bedplate.delta.received_delta import receive
from bedplate.delta.write_delta import write_delta
from factories import need_program, tiny_bundle


@dataclass(frozen=True)
class Content:
    """The content of a bundle: files of two images' layers, a program's bytes, a package's text (or no package)."""

    files: dict[str, bytes]
    program: bytes
    text: bytes
    images: tuple[str, ...] = ("quay.io/one/app", "quay.io/one/db")
    version: int = 1
    more: dict[str, bytes] = field(default_factory=dict)


def content(chance: random.Random) -> Content:
    """Return random content."""
    files = {
        f"usr/lib/app/{n}.so": chance.randbytes(chance.randrange(1, 40_000)) for n in range(chance.randrange(2, 12))
    }
    return Content(files, chance.randbytes(200_000), chance.randbytes(60_000).hex().encode())


def changed(old: Content, chance: random.Random) -> Content:
    """Return a next version: some files edited, one added, one removed, some bytes changed."""
    files = {name: edited(data, chance) if chance.random() < 0.4 else data for name, data in old.files.items()}
    files.pop(chance.choice(sorted(files)))
    files[f"usr/lib/app/new{old.version}.so"] = chance.randbytes(3000)
    program = edited(old.program, chance) if chance.random() < 0.7 else old.program
    text = edited(old.text, chance) if chance.random() < 0.7 else old.text
    images = chance.sample(old.images, k=chance.randint(1, 2)) if chance.random() < 0.3 else old.images
    return replace(old, files=files, program=program, text=text, version=old.version + 1, images=tuple(sorted(images)))


def edited(data: bytes, chance: random.Random) -> bytes:
    """Return bytes with some inserted, removed and replaced."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        out[at : at + chance.choice((0, 0, 1, 50))] = chance.randbytes(chance.choice((0, 1, 8, 300)))
    return bytes(out)


@dataclass(frozen=True)
class Sides:
    """A publisher with a cache and a key, and a site with a key, in one folder."""

    root: Path
    cache: Cache
    key: Path
    site: Path

    @property
    def publisher(self) -> str:
        """Return the publisher's public key."""
        return publisher_signature.public_key(self.key)

    def bundle(self, name: str, made_of: Content) -> Path:
        """Write a bundle and return its folder."""
        write_bundle(self.root / name, _release(made_of, self.cache), self.cache, self.key)
        return self.root / name

    def inventory(self, base: Path, **changes: object) -> inventory.Inventory:
        """Return the inventory of a site that has one bundle, as the publisher reads it."""
        taken = inventory.take_inventory(base, "here")[0].model_copy(update=changes)
        path = self.root / "here.inventory"
        path.write_bytes(inventory.seal(taken, self.site))
        return inventory.unseal(path, lambda _: publisher_signature.public_key(self.site))

    def plan(self, full: Path, base: Path, **changes: object) -> DeltaPlan:
        """Plan a delta from one bundle to another."""
        return plan_delta(
            DeltaRequest(full, self.publisher, self.inventory(base, **changes)), self.cache, SilentReporter()
        )

    def delta(self, full: Path, base: Path, name: str = "delta", medium: int = 0) -> Path:
        """Write a delta and return its folder."""
        write_delta(self.plan(full, base), self.root / name, self.key, medium)
        return self.root / name

    def merge(self, delta: Path, base: Path, name: str = "joined") -> MergeResult:
        """Merge a delta."""
        return merge(receive([delta], self.publisher), base, self.root / name, SilentReporter())


def sides(root: Path) -> Sides:
    """Create a publisher and a site."""
    publisher_signature.new_key(root / "key")
    ssh_signature.new_key(root / "site", "site here")
    return Sides(root, Cache(root / "cache"), root / "key", root / "site")


def tree(folder: Path) -> dict[str, str]:
    """Return the digest of every file."""
    return {str(p.relative_to(folder)): digest.of_file(p) for p in sorted(folder.rglob("*")) if p.is_file()}


def _release(made_of: Content, cache: Cache) -> ReleaseFile:
    version = f"2026.11.{made_of.version}"
    program = cache.add_bytes(tiny_bundle.tar({"bin/tool": made_of.program.hex()}))
    installer = cache.add_bytes(tiny_bundle.tar({"bedplate": f"#!/bin/sh\necho {version}\n"}))
    outputs = {f"image:{name}:v{made_of.version}": _image(name, made_of, cache) for name in made_of.images}
    outputs["go:tool"] = program
    if made_of.text:
        outputs[f"deb:tool_1.{made_of.version}_all"] = _package(made_of, cache)
    artifacts = [_artifact(name, output) for name, output in outputs.items()]
    return ReleaseFile(
        release=version, installer=installer.sha256, artifacts=artifacts, bastion=BastionNeeds(), sets={}
    )


def _artifact(name: str, output: Output) -> BundledArtifact:
    kind, _, named = name.partition(":")
    image, file = (named, "") if kind == "image" else ("", named)
    known = {"kind": kind, "sha256": output.sha256, "size": output.size, "image": image, "file": file}
    return BundledArtifact(id=name, **known)


def _image(name: str, made_of: Content, cache: Cache) -> Output:
    """Add an image to the cache: one layer that all images share, and one of its own."""
    own = {**made_of.files, "etc/name": f"{name} {made_of.version}".encode()}
    base = random.Random(1).randbytes(50_000)  # noqa: S311  seeded on purpose
    layers = [_layer({"usr/lib/base.so": base}, cache), _layer(own, cache)]
    config = cache.add_bytes(json.dumps({"architecture": "amd64", "os": "linux", "of": name}).encode())
    known = {
        "config": {"digest": f"sha256:{config.sha256}", "size": config.size},
        "layers": [{"digest": f"sha256:{layer.sha256}", "size": layer.size} for layer in layers],
    }
    return cache.add_bytes(json.dumps({"schemaVersion": 2, "mediaType": MANIFEST_TYPE, **known}).encode())


def _layer(files: dict[str, bytes], cache: Cache) -> Output:
    recipe = {name: data.hex() for name, data in files.items()}
    made = make_layer(recipe, lambda: [TarEntry(name, content=data) for name, data in files.items()], cache, 1793491200)
    return Output(sha256=made.sha256, size=made.size)


def _package(made_of: Content, cache: Cache) -> Output:
    """Add a package built by dpkg-deb to the cache."""
    need_program("dpkg-deb")
    with cache.scratch() as folder:
        root = folder / "root"
        for name, data in {
            "DEBIAN/control": f"Package: tool\nVersion: 1.{made_of.version}\nArchitecture: all\n"
            "Maintainer: a <a@b.test>\nDescription: tool\n".encode(),
            "usr/share/tool/text": made_of.text,
        }.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(data)
        words = ["dpkg-deb", "--root-owner-group", "-Zxz", "-b", root, folder / "tool.deb"]
        subprocess.run([str(word) for word in words], check=True, capture_output=True)
        return cache.add(folder / "tool.deb", move=True)
